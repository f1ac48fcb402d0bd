//! A Hark that runs where these settings would put one.

use std::time::Duration;

use hark_client::{Client, Options, Status};

use super::Finding;
use crate::show::time;
use crate::up::Config;

const CHECK: &str = "running";
/// On the same machine an answer takes milliseconds.
const PATIENCE: Duration = Duration::from_secs(2);

/// How the Hark does that listens at the configured address; `None` if none answers.
pub(super) async fn ask(config: &Config) -> Option<Status> {
    let mut address = config.server.listen;
    if address.ip().is_unspecified() {
        address.set_ip(std::net::Ipv4Addr::LOCALHOST.into());
    }
    let options = Options {
        connect_timeout: PATIENCE,
        timeout: PATIENCE,
        ..Options::new([address.to_string()])
    };
    let status = async { Client::connect(&options).await?.status().await };
    // Whatever listens may take a connection and then say nothing.
    let answer = tokio::time::timeout(2 * PATIENCE, status).await;
    answer.ok()?.ok()
}

/// What a Hark that runs says about itself.
pub(super) fn examine(status: Option<&Status>) -> Vec<Finding> {
    let Some(status) = status else {
        return vec![Finding::ok(CHECK, "no Hark runs here; hark up starts one")];
    };
    let ours = env!("CARGO_PKG_VERSION");
    let mut findings = vec![match &*status.version {
        version if version == ours => {
            let up = time::span(status.uptime);
            Finding::ok(CHECK, format!("Hark {version} runs here, up for {up}"))
        }
        other => Finding::warn(
            CHECK,
            format!("Hark {other} runs here, and this is {ours}"),
            "start it again, so that the new version runs",
        ),
    }];
    let broken = status.parts.iter().filter(|p| !p.ready);
    findings.extend(broken.map(|part| {
        let what = format!("{} is not ready: {}", part.name, part.reason);
        Finding::fail(CHECK, what, "its log says more; hark status shows it live")
    }));
    let said = status.warnings.iter();
    findings.extend(said.map(|warning| {
        let fix = "the Hark that runs says so; its log has more";
        Finding::warn(CHECK, warning, fix)
    }));
    findings
}

#[cfg(test)]
mod tests {
    use hark_client::Part;
    use hark_core::HomeId;

    use super::super::Level;
    use super::*;

    fn status(version: &str, ready: bool) -> Status {
        Status {
            version: version.to_owned(),
            uptime: Duration::from_secs(60),
            home: HomeId::parse("home").unwrap(),
            languages: vec![],
            parts: vec![Part {
                name: "inference".to_owned(),
                ready,
                reason: "the engine broke".to_owned(),
            }],
            store: None,
            model: None,
            attached_speakers: 0,
            open_streams: 0,
            warnings: vec![],
        }
    }

    #[test]
    fn what_runs_is_looked_at() {
        let levels = |status: Option<Status>| -> Vec<Level> {
            let found = examine(status.as_ref());
            found.iter().map(|f| f.level).collect()
        };
        let ours = env!("CARGO_PKG_VERSION");
        assert_eq!(levels(None), [Level::Ok]);
        assert_eq!(levels(Some(status(ours, true))), [Level::Ok]);
        assert_eq!(levels(Some(status("0.0.9", true))), [Level::Warn]);
        assert_eq!(levels(Some(status(ours, false))), [Level::Ok, Level::Fail]);
        let mut warned = status(ours, true);
        warned.warnings.push("no TLS".to_owned());
        assert_eq!(levels(Some(warned)), [Level::Ok, Level::Warn]);
    }
}
