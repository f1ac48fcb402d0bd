//! Whether the clock is right. Alarms ring by it, certificates and sessions are judged by
//! it, and it is compared with what else knows the time: files that were written before,
//! the machines of an etcd.

use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use hark_core::time::{Clock, Timestamp};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use super::{Finding, system};
use crate::show::time::span;
use crate::up::Config;

const CHECK: &str = "clock";
/// 1 January 2026, before there was any Hark.
const RELEASED: Timestamp = Timestamp::from_unix_ms(1_767_225_600_000);
/// Between two machines nobody notices so much; an HTTP date has whole seconds.
const TOLERATED: Duration = Duration::from_secs(3);
/// So much breaks what machines agree on.
const BROKEN: Duration = Duration::from_secs(30);
/// A file system's clock and the machine's may differ by a little.
const FILE_TOLERATED: Duration = Duration::from_secs(10);
const PATIENCE: Duration = Duration::from_secs(2);
/// The most of an answer that is read for its date.
const MAX_ANSWER: u64 = 8 * 1024;

const FIX: &str = "keep it right: timedatectl set-ntp true (or apt install systemd-timesyncd)";

/// What is known about the time.
#[derive(Debug, Default)]
struct Facts {
    now: Timestamp,
    /// Whether somebody keeps the clock right.
    is_synchronised: Option<bool>,
    /// The newest file of the store, and when it was written.
    newest: Option<(PathBuf, Timestamp)>,
    /// What other machines say that the time is.
    others: Vec<(String, Timestamp)>,
}

/// Looks at the clock.
pub(super) async fn examine(config: &Config, clock: &dyn Clock) -> Vec<Finding> {
    let mut others = Vec::new();
    for endpoint in super::state::endpoints(config) {
        if let Some(date) = ask(&endpoint).await {
            // Just now: the two times are read together.
            others.push((endpoint, date));
        }
    }
    let is_synchronised = match clock.is_synchronised() {
        None => system::is_synchronised().await,
        known => known,
    };
    verdict(&Facts {
        now: clock.wall(),
        is_synchronised,
        newest: config.store().ok().and_then(|s| newest(&s.path)),
        others,
    })
}

fn verdict(facts: &Facts) -> Vec<Finding> {
    let mut findings = Vec::new();
    let now = facts.now;
    if now < RELEASED {
        let what = "the clock stands before the day on which Hark was made";
        findings.push(Finding::fail(CHECK, what, format!("set it, and {FIX}")));
    }
    if let Some((file, written)) = &facts.newest
        && written.since(now) > FILE_TOLERATED
    {
        let ahead = span(written.since(now));
        let file = file.display();
        let what = format!("{file} was written {ahead} from now: the clock was set back");
        findings.push(Finding::fail(CHECK, what, FIX));
    }
    for (other, time) in &facts.others {
        let apart = now.since(*time).max(time.since(now));
        let (apart_text, side) = (span(apart), if *time > now { "behind" } else { "ahead of" });
        let what = format!("the clock is {apart_text} {side} that of {other}");
        let fix = format!("on both machines, {FIX}");
        if apart > BROKEN {
            findings.push(Finding::fail(CHECK, what, fix));
        } else if apart > TOLERATED {
            findings.push(Finding::warn(CHECK, what, fix));
        }
    }
    findings.extend(match facts.is_synchronised {
        Some(false) => Some(Finding::warn(CHECK, "nobody keeps the clock right", FIX)),
        None => Some(Finding::warn(
            CHECK,
            "nothing here says that the clock is right",
            FIX,
        )),
        Some(true) if findings.is_empty() => Some(Finding::ok(CHECK, "synchronised")),
        Some(true) => None,
    });
    findings
}

/// The file, or what else is in its folder with a name that begins so.
fn newest(path: &Path) -> Option<(PathBuf, Timestamp)> {
    let modified = std::fs::metadata(path).ok()?.modified().ok()?;
    Some((path.to_owned(), timestamp(modified)))
}

fn timestamp(time: SystemTime) -> Timestamp {
    let since = time.duration_since(UNIX_EPOCH).unwrap_or_default();
    Timestamp::from_unix_ms(i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
}

/// The date in the head of an HTTP answer of `http://host:port`.
async fn ask(endpoint: &str) -> Option<Timestamp> {
    let address = endpoint.strip_prefix("http://")?.trim_end_matches('/');
    let answer = async {
        let mut stream = TcpStream::connect(address).await.ok()?;
        let request =
            format!("GET /version HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n");
        stream.write_all(request.as_bytes()).await.ok()?;
        let mut answer = Vec::new();
        stream
            .take(MAX_ANSWER)
            .read_to_end(&mut answer)
            .await
            .ok()?;
        date(&String::from_utf8_lossy(&answer))
    };
    tokio::time::timeout(PATIENCE, answer).await.ok()?
}

/// RFC 9110, section 6.6.1: `Date: Sun, 06 Nov 1994 08:49:37 GMT`.
fn date(answer: &str) -> Option<Timestamp> {
    let head = answer.lines().take_while(|line| !line.is_empty());
    let mut fields = head.filter_map(|line| line.split_once(':'));
    let (_, date) = fields.find(|(name, _)| name.eq_ignore_ascii_case("date"))?;
    let time = jiff::fmt::rfc2822::parse(date.trim()).ok()?;
    Some(Timestamp::from_unix_ms(time.timestamp().as_millisecond()))
}

#[cfg(test)]
mod tests {
    use super::super::Level;
    use super::*;

    const NOW: Timestamp = Timestamp::from_unix_ms(1_800_000_000_000);

    fn check(change: impl FnOnce(&mut Facts), expect: &[(Level, &str)]) {
        let mut facts = Facts {
            now: NOW,
            is_synchronised: Some(true),
            ..Facts::default()
        };
        change(&mut facts);
        let found = verdict(&facts);
        assert_eq!(found.len(), expect.len(), "{found:?}");
        for (found, (level, part)) in found.iter().zip(expect) {
            assert_eq!(found.level, *level, "{found:?}");
            assert!(found.what.contains(part), "{found:?}");
            let has_fix = found
                .fix
                .as_deref()
                .is_some_and(|f| f.contains("timedatectl"));
            assert_eq!(has_fix, *level != Level::Ok);
        }
    }

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_unix_ms(NOW.unix_ms + seconds * 1_000)
    }

    #[test]
    fn each_sign_of_a_wrong_clock_is_understood() {
        let fail = Level::Fail;
        check(|_| {}, &[(Level::Ok, "synchronised")]);
        check(
            |f| f.is_synchronised = Some(false),
            &[(Level::Warn, "nobody")],
        );
        check(
            |f| f.is_synchronised = None,
            &[(Level::Warn, "nothing here")],
        );
        check(
            |f| f.now = Timestamp::from_unix_ms(86_400_000),
            &[(fail, "before the day")],
        );
        let file = |s| Some((PathBuf::from("/x/hark.redb"), at(s)));
        check(|f| f.newest = file(-5), &[(Level::Ok, "")]);
        check(|f| f.newest = file(5), &[(Level::Ok, "")]);
        check(
            |f| f.newest = file(7_200),
            &[(fail, "/x/hark.redb was written 2 h from now")],
        );
    }

    #[test]
    fn other_machines_are_compared_with() {
        let other = |s: i64| vec![("http://a:2379".to_owned(), at(s))];
        check(|f| f.others = other(1), &[(Level::Ok, "")]);
        check(|f| f.others = other(-2), &[(Level::Ok, "")]);
        check(
            |f| f.others = other(10),
            &[(Level::Warn, "10 s behind that of http://a:2379")],
        );
        check(
            |f| f.others = other(-3_600),
            &[(Level::Fail, "1 h ahead of that of http://a:2379")],
        );
    }

    #[test]
    fn dates_are_read_from_the_head_alone() {
        let epoch = |text: &str| date(text).map(|t| t.unix_ms);
        let head = "HTTP/1.1 200 OK\r\ncontent-type: x\r\n";
        let sunday = format!("{head}date: Sun, 06 Nov 1994 08:49:37 GMT\r\n\r\n");
        assert_eq!(epoch(&sunday), Some(784_111_777_000));
        assert_eq!(
            epoch(&format!("{head}\r\nDate: Sun, 06 Nov 1994 08:49:37 GMT")),
            None
        );
        assert_eq!(epoch(&format!("{head}Date: yesterday\r\n\r\n")), None);
        assert_eq!(epoch(""), None);
    }
}
