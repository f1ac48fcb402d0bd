//! Who may call what: one table for every method of every service.

use crate::principal::Kind;

/// A method and the kinds of principal that may call it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rule {
    /// The full gRPC path, `/package.Service/Method`.
    pub path: &'static str,
    /// Who may call it.
    pub allowed: &'static [Kind],
}

const EVERYONE: &[Kind] = &Kind::ALL;
const NODES: &[Kind] = &[Kind::Node];
/// Those who operate the home. Anonymous callers only ever reach a server over
/// loopback, or where the owner switched authentication off.
const OPERATORS: &[Kind] = &[Kind::Anonymous, Kind::Person, Kind::Node];

/// Those who say who may come in: never anybody who did not prove who they are.
const OWNERS: &[Kind] = &[Kind::Person, Kind::Node];

const fn rule(path: &'static str, allowed: &'static [Kind]) -> Rule {
    Rule { path, allowed }
}

/// Every method that a Hark server has.
pub const TABLE: &[Rule] = &[
    rule("/hark.v1.Speech/StreamingRecognize", EVERYONE),
    rule("/hark.v1.Speech/Converse", EVERYONE),
    rule("/hark.v1.Recognizer/Recognize", EVERYONE),
    rule("/hark.v1.Speakers/Attach", EVERYONE),
    rule("/hark.v1.Home/ListAreas", EVERYONE),
    rule("/hark.v1.Home/ListDevices", EVERYONE),
    rule("/hark.v1.Home/WatchDevices", EVERYONE),
    rule("/hark.v1.Home/Execute", OPERATORS),
    rule("/hark.v1.Home/ListTimers", EVERYONE),
    rule("/hark.v1.Home/WatchTimers", EVERYONE),
    rule("/hark.v1.Home/ListLists", EVERYONE),
    rule("/hark.v1.Cluster/GetStatus", EVERYONE),
    rule("/hark.v1.Cluster/ListNodes", OPERATORS),
    rule("/hark.v1.Cluster/WatchNodes", OPERATORS),
    rule("/hark.v1.Cluster/DrainNode", OPERATORS),
    rule("/hark.v1.Access/AddCredential", OWNERS),
    rule("/hark.v1.Access/ListCredentials", OWNERS),
    rule("/hark.v1.Access/Revoke", OWNERS),
    rule("/hark.internal.v1.Inference/Transcribe", NODES),
    rule("/hark.internal.v1.Inference/Describe", NODES),
    rule("/hark.internal.v1.Intents/Handle", NODES),
    rule("/hark.internal.v1.Intents/Parse", NODES),
    rule("/hark.internal.v1.Node/Drain", NODES),
    rule("/grpc.health.v1.Health/Check", EVERYONE),
    rule("/grpc.health.v1.Health/Watch", EVERYONE),
    rule("/grpc.health.v1.Health/List", EVERYONE),
    rule(
        "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo",
        EVERYONE,
    ),
    rule(
        "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo",
        EVERYONE,
    ),
];

/// What the table says about a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// Go on.
    Allowed,
    /// This kind of principal may not call it.
    Denied,
    /// No such method: the table is closed, so nothing is open by oversight.
    Unknown,
}

/// The path as the table has it, so that a caller's invention never becomes a name.
pub fn declared(path: &str) -> Option<&'static str> {
    TABLE.iter().map(|r| r.path).find(|p| *p == path)
}

/// Whether `kind` may call `path`.
pub fn check(kind: Kind, path: &str) -> Verdict {
    match TABLE.iter().find(|rule| rule.path == path) {
        None => Verdict::Unknown,
        Some(rule) if rule.allowed.contains(&kind) => Verdict::Allowed,
        Some(_) => Verdict::Denied,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn internal_services_answer_nodes_only() {
        for rule in TABLE
            .iter()
            .filter(|r| r.path.starts_with("/hark.internal."))
        {
            for kind in Kind::ALL {
                let expect = if kind == Kind::Node {
                    Verdict::Allowed
                } else {
                    Verdict::Denied
                };
                assert_eq!(check(kind, rule.path), expect, "{kind:?} {}", rule.path);
            }
        }
    }

    #[test]
    fn a_method_nobody_declared_is_closed() {
        assert_eq!(
            check(Kind::Node, "/hark.v1.Home/OpenTheDoor"),
            Verdict::Unknown
        );
    }
}
