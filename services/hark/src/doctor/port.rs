//! Whether Hark can listen where it should, and who does so already.

use std::io;
use std::net::SocketAddr;

use hark_client::Status;

use super::{Finding, system};
use crate::up::Config;

const CHECK: &str = "port";

/// An address that is to be listened on.
#[derive(Debug, Clone, Copy)]
struct Wanted {
    /// What for.
    name: &'static str,
    /// The setting and the flag.
    setting: &'static str,
    flag: &'static str,
    address: SocketAddr,
}

/// What became of listening there.
#[derive(Debug)]
enum Tried {
    Free,
    /// Somebody listens: a Hark, or another process.
    Taken(Holder),
    Failed(io::Error),
}

/// Who listens.
#[derive(Debug)]
enum Holder {
    Hark,
    Other(Option<system::Process>),
}

/// Looks at both addresses. `status` is that of the Hark that runs, if one does.
pub(super) async fn examine(config: &Config, status: Option<&Status>) -> Vec<Finding> {
    let wanted = [
        Wanted {
            name: "speakers",
            setting: "server.listen",
            flag: "--listen",
            address: config.server.listen,
        },
        Wanted {
            name: "metrics",
            setting: "admin.listen",
            flag: "--admin-listen",
            address: config.admin.listen,
        },
    ];
    let [server, admin] = wanted.map(|w| w.address);
    if server == admin && server.port() != 0 {
        let what = format!("server.listen and admin.listen are both {server}");
        let fix = format!(
            "give one of them another port: --admin-listen {}",
            next(admin)
        );
        return vec![Finding::fail(CHECK, what, fix)];
    }
    let is_hark = status.is_some();
    let verdict = |w: Wanted| verdict(w, attempt(w.address, is_hark));
    wanted.map(verdict).into()
}

fn attempt(address: SocketAddr, is_hark: bool) -> Tried {
    match std::net::TcpListener::bind(address) {
        Ok(_) => Tried::Free,
        Err(error) if error.kind() == io::ErrorKind::AddrInUse => {
            Tried::Taken(match (system::listener(address.port()), is_hark) {
                // Whose process can't be seen, but a Hark answered at its address.
                (None, true) => Holder::Hark,
                (Some(process), true) if process.name.starts_with("hark") => Holder::Hark,
                (process, _) => Holder::Other(process),
            })
        }
        Err(error) => Tried::Failed(error),
    }
}

fn verdict(wanted: Wanted, tried: Tried) -> Finding {
    let Wanted { name, address, .. } = wanted;
    let elsewhere = |port: SocketAddr| {
        let Wanted { flag, setting, .. } = wanted;
        format!("{flag} {port}, or {setting} = \"{port}\"")
    };
    match tried {
        Tried::Free if address.port() == 0 => {
            Finding::ok(CHECK, format!("{name}: any free port of {}", address.ip()))
        }
        Tried::Free => Finding::ok(CHECK, format!("{name}: {address} is free")),
        Tried::Taken(Holder::Hark) => {
            Finding::ok(CHECK, format!("{name}: the Hark that runs has {address}"))
        }
        Tried::Taken(Holder::Other(process)) => {
            let who = match &process {
                Some(process) => process.to_string(),
                None => "another process".to_owned(),
            };
            let fix = format!(
                "stop it, or choose another port: {}",
                elsewhere(next(address))
            );
            Finding::fail(CHECK, format!("{name}: {who} listens on {address}"), fix)
        }
        Tried::Failed(error) => {
            let fix = match error.kind() {
                io::ErrorKind::AddrNotAvailable => format!(
                    "no interface of this machine has {}; `ip address` lists those there are, \
                     0.0.0.0 means all",
                    address.ip()
                ),
                io::ErrorKind::PermissionDenied => format!(
                    "ports below 1024 are root's; choose one above: {}",
                    elsewhere(SocketAddr::new(address.ip(), 7700))
                ),
                _ => format!("choose another address: {}", elsewhere(next(address))),
            };
            Finding::fail(CHECK, format!("{name}: {address}: {error}"), fix)
        }
    }
}

/// The same address ten ports up, which keeps clear of Hark's own.
fn next(address: SocketAddr) -> SocketAddr {
    let port = address.port().checked_add(10).unwrap_or(7_700);
    SocketAddr::new(address.ip(), port)
}

#[cfg(test)]
mod tests {
    use super::super::Level;
    use super::*;

    fn check(tried: Tried, level: Level, what: &str, fix: &str) {
        let wanted = Wanted {
            name: "speakers",
            setting: "server.listen",
            flag: "--listen",
            address: "127.0.0.1:7700".parse().unwrap(),
        };
        let found = verdict(wanted, tried);
        assert_eq!(found.level, level, "{found:?}");
        assert!(found.what.contains(what), "{found:?}");
        assert!(found.fix.unwrap_or_default().contains(fix));
    }

    #[test]
    fn each_reason_has_its_remedy() {
        check(Tried::Free, Level::Ok, "127.0.0.1:7700 is free", "");
        check(Tried::Taken(Holder::Hark), Level::Ok, "Hark that runs", "");
        let other = system::Process {
            name: "nginx".to_owned(),
            pid: 12,
        };
        check(
            Tried::Taken(Holder::Other(Some(other))),
            Level::Fail,
            "nginx (process 12) listens",
            "--listen 127.0.0.1:7710, or server.listen",
        );
        check(
            Tried::Taken(Holder::Other(None)),
            Level::Fail,
            "another process",
            "stop it",
        );
        let failed = |kind: io::ErrorKind| Tried::Failed(kind.into());
        check(
            failed(io::ErrorKind::AddrNotAvailable),
            Level::Fail,
            "127.0.0.1:7700",
            "no interface",
        );
        check(
            failed(io::ErrorKind::PermissionDenied),
            Level::Fail,
            "denied",
            "1024",
        );
    }

    #[test]
    fn who_listens_is_seen() {
        let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let address = taken.local_addr().unwrap();
        let Tried::Taken(Holder::Other(Some(process))) = attempt(address, false) else {
            panic!("this very process listens");
        };
        assert_eq!(process.pid, std::process::id());
        drop(taken);
        assert!(matches!(attempt(address, false), Tried::Free));
    }

    #[tokio::test]
    async fn one_port_for_both_is_found() {
        let mut config = Config::default();
        config.admin.listen = config.server.listen;
        let found = examine(&config, None).await;
        assert_eq!(found.len(), 1);
        assert!(found[0].what.contains("both"), "{found:?}");
    }
}
