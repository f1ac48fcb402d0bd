//! The members of an etcd: there, new enough, led, and with room.

use hark_core::store::Error;
use hark_store::etcd::{self, Member, State};

use super::Finding;

const CHECK: &str = "store";
const ENDPOINTS: &str = "correct store.etcd.endpoints (--etcd-endpoints)";
/// etcd's own quota is 2 GiB unless told otherwise.
const MUCH: u64 = 1_800 << 20;

/// Asks every member.
pub(super) async fn examine(config: &etcd::Config) -> Vec<Finding> {
    match etcd::inspect(config).await {
        Ok(members) => verdict(&members),
        Err(error) => {
            let fix = "correct it; `hark config schema` has every setting of store.etcd";
            vec![Finding::fail(CHECK, error.to_string(), fix)]
        }
    }
}

fn verdict(members: &[Member]) -> Vec<Finding> {
    let answering = members.iter().filter(|m| m.state.is_ok()).count();
    let has_quorum = answering * 2 > members.len();
    let of = |member: &Member| match &member.state {
        Ok(state) => answered(&member.endpoint, state),
        Err(error) => silent(&member.endpoint, error, has_quorum),
    };
    members.iter().flat_map(of).collect()
}

fn silent(at: &str, error: &Error, has_quorum: bool) -> Vec<Finding> {
    let what = format!("etcd at {at}: {error}");
    vec![match error {
        Error::Unavailable(_) if has_quorum => {
            let fix = "start it again (systemctl status etcd there); the others go on";
            Finding::warn(CHECK, what, fix)
        }
        Error::Unavailable(_) => {
            let fix = format!("start etcd there (systemctl start etcd), or {ENDPOINTS}");
            Finding::fail(CHECK, what, fix)
        }
        Error::Denied(_) => {
            let fix = "correct store.etcd.username and store.etcd.password_file, or the grants";
            Finding::fail(CHECK, what, fix)
        }
        _ => Finding::fail(CHECK, what, ENDPOINTS),
    }]
}

fn answered(at: &str, state: &State) -> Vec<Finding> {
    let version = &state.version;
    if !state.is_supported {
        let what = format!("etcd at {at} is version {version}; Hark needs 3.4 or newer");
        let fix = "update it, one version after the other: etcd.io/docs, Upgrading etcd";
        return vec![Finding::fail(CHECK, what, fix)];
    }
    let mut findings = Vec::new();
    if !state.has_leader {
        let what = format!("etcd at {at} knows no leader: most of its members are gone");
        let fix = "start the other members: etcdctl endpoint status --cluster";
        findings.push(Finding::fail(CHECK, what, fix));
    }
    for alarm in &state.alarms {
        let what = format!("etcd at {at} raises the alarm {alarm}");
        let fix = match &**alarm {
            "NOSPACE" => {
                "etcdctl compact REVISION, etcdctl defrag, then etcdctl alarm disarm; or raise \
                 --quota-backend-bytes"
            }
            _ => "replace that member: etcdctl member remove, then add it empty",
        };
        findings.push(Finding::fail(CHECK, what, fix));
    }
    if let Some(why) = &state.leases {
        let what = format!("etcd at {at} grants no lease: {why}");
        let fix = "mend what it says; grant the user of store.etcd.username the prefix /hark/";
        findings.push(Finding::fail(CHECK, what, fix));
    }
    let mib = state.size_bytes >> 20;
    if state.size_bytes > MUCH {
        let what = format!("etcd at {at} holds {mib} MiB, and its quota may be 2048");
        let fix = "--auto-compaction-retention=1h, and etcdctl defrag from time to time";
        findings.push(Finding::warn(CHECK, what, fix));
    }
    if findings.is_empty() {
        let what = format!("etcd {version} at {at}, {mib} MiB");
        findings.push(Finding::ok(CHECK, what));
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::super::Level;
    use super::*;

    fn member(change: impl FnOnce(&mut State)) -> Member {
        let mut state = State {
            version: "3.6.1".to_owned(),
            is_supported: true,
            has_leader: true,
            size_bytes: 1 << 20,
            alarms: vec![],
            leases: None,
        };
        change(&mut state);
        Member {
            endpoint: "http://a:2379".to_owned(),
            state: Ok(state),
        }
    }

    fn gone(error: Error) -> Member {
        Member {
            endpoint: "http://b:2379".to_owned(),
            state: Err(error),
        }
    }

    fn check(members: &[Member], expect: &[(Level, &str)]) {
        let found = verdict(members);
        assert_eq!(found.len(), expect.len(), "{found:?}");
        for (found, (level, part)) in found.iter().zip(expect) {
            assert_eq!(found.level, *level, "{found:?}");
            let text = format!("{} {}", found.what, found.fix.as_deref().unwrap_or(""));
            assert!(text.contains(part), "`{part}` is not in {text}");
        }
    }

    #[test]
    fn what_a_member_says_is_judged() {
        let fail = Level::Fail;
        check(
            &[member(|_| {})],
            &[(Level::Ok, "etcd 3.6.1 at http://a:2379, 1 MiB")],
        );
        let old = |s: &mut State| {
            s.version = "3.3.27".to_owned();
            s.is_supported = false;
        };
        check(&[member(old)], &[(fail, "3.3.27; Hark needs 3.4")]);
        check(&[member(|s| s.has_leader = false)], &[(fail, "no leader")]);
        check(
            &[member(|s| s.alarms = vec!["NOSPACE".to_owned()])],
            &[(fail, "alarm disarm")],
        );
        check(
            &[member(|s| s.alarms = vec!["CORRUPT".to_owned()])],
            &[(fail, "member remove")],
        );
        check(
            &[member(|s| s.leases = Some("denied".to_owned()))],
            &[(fail, "grants no lease: denied")],
        );
        check(
            &[member(|s| s.size_bytes = 1_900 << 20)],
            &[(Level::Warn, "defrag")],
        );
    }

    #[test]
    fn a_member_that_is_gone_matters_as_much_as_the_others_are_few() {
        let down = || gone(Error::Unavailable("refused".to_owned()));
        let well = || member(|_| {});
        check(&[down()], &[(Level::Fail, "systemctl start etcd")]);
        check(
            &[well(), down(), well()],
            &[
                (Level::Ok, ""),
                (Level::Warn, "the others"),
                (Level::Ok, ""),
            ],
        );
        check(
            &[well(), down(), down()],
            &[
                (Level::Ok, ""),
                (Level::Fail, "start"),
                (Level::Fail, "start"),
            ],
        );
        check(
            &[gone(Error::Denied("who are you".to_owned()))],
            &[(Level::Fail, "password_file")],
        );
    }
}
