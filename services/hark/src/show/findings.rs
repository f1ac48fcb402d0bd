//! What `hark doctor` found, for people and programs.

use serde::Serialize;

use super::style;
use crate::doctor::{Finding, Level};

/// A finding as JSON.
#[derive(Debug, Serialize)]
pub struct FindingJson<'a> {
    check: &'static str,
    level: &'static str,
    what: &'a str,
    fix: Option<&'a str>,
}

impl<'a> From<&'a Finding> for FindingJson<'a> {
    fn from(finding: &'a Finding) -> Self {
        Self {
            check: finding.check,
            level: finding.level.as_str(),
            what: &finding.what,
            fix: finding.fix.as_deref(),
        }
    }
}

/// A finding for people; what to do is on a line of its own.
pub fn text(finding: &Finding) -> String {
    let style = match finding.level {
        Level::Ok => style::GOOD,
        Level::Warn => style::WARNING,
        Level::Fail => style::ERROR,
    };
    let level = finding.level.as_str();
    let mut text = format!(
        "{style}{level:<4}{style:#}  {:<8}  {}",
        finding.check, finding.what
    );
    if let Some(fix) = &finding.fix {
        let strong = style::STRONG;
        text.push_str(&format!("\n{:16}{strong}fix:{strong:#} {fix}", ""));
    }
    text
}

/// How it is in the whole.
pub fn summary(findings: &[Finding]) -> String {
    let count = |level| findings.iter().filter(|f| f.level == level).count();
    match (count(Level::Fail), count(Level::Warn)) {
        (0, 0) => "all is well".to_owned(),
        (0, warnings) => format!("Hark will run; {warnings} to look at"),
        (failures, 0) => format!("{failures} to mend"),
        (failures, warnings) => format!("{failures} to mend, {warnings} to look at"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn finding(level: Level) -> Finding {
        Finding {
            check: "port",
            level,
            what: "speakers: nginx listens".to_owned(),
            fix: (level != Level::Ok).then(|| "stop it".to_owned()),
        }
    }

    #[test]
    fn a_fix_has_its_own_line() {
        let plain = |level| anstream::adapter::strip_str(&text(&finding(level))).to_string();
        assert_eq!(plain(Level::Ok), "ok    port      speakers: nginx listens");
        assert_eq!(
            plain(Level::Fail),
            "fail  port      speakers: nginx listens\n                fix: stop it"
        );
    }

    #[test]
    fn the_summary_counts() {
        let check = |levels: &[Level], expect| {
            let findings: Vec<_> = levels.iter().map(|l| finding(*l)).collect();
            assert_eq!(summary(&findings), expect);
        };
        check(&[Level::Ok], "all is well");
        check(&[Level::Warn, Level::Ok], "Hark will run; 1 to look at");
        check(&[Level::Fail], "1 to mend");
        check(&[Level::Fail, Level::Warn], "1 to mend, 1 to look at");
    }
}
