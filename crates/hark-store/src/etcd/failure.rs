//! What an error of etcd means: refused, surely not done, or not known; and what follows
//! from that for who asked. Nothing is repeated that may have happened.

use std::error::Error as _;

use hark_core::store::{Error, LeaseId, Revision};
use tonic::{Code, ConnectError, Status};

/// Why a member did not do what it was asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Failure {
    /// It said no, and any other member would.
    Refused(Error),
    /// It was not done; another member may do it.
    NotDone(String),
    /// It was not done, because our token is older than the users are.
    StaleToken,
    /// It may have been done or not.
    Unknown(String),
}

/// Whether a request may be made twice.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Repeat {
    /// Twice is the same as once.
    Safe,
    /// Only if it was surely not done.
    Never,
}

/// What to do after a failure.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Step {
    /// Tell who asked.
    Give(Error),
    /// Ask again, another member if there is one.
    Again,
}

/// What to do after `failure`; `time_left`: whether the request's time is not over.
pub(crate) fn after(failure: Failure, repeat: Repeat, time_left: bool) -> Step {
    match (failure, repeat) {
        (Failure::Refused(error), _) => Step::Give(error),
        (Failure::Unknown(why), Repeat::Never) => Step::Give(Error::Indeterminate(why)),
        _ if time_left => Step::Again,
        (Failure::NotDone(why) | Failure::Unknown(why), _) => Step::Give(Error::Unavailable(why)),
        (Failure::StaleToken, _) => {
            Step::Give(Error::Unavailable("etcd's users keep changing".to_owned()))
        }
    }
}

/// What an error of the client means.
pub(crate) fn classify(error: &etcd_client::Error) -> Failure {
    use etcd_client::Error as E;
    match error {
        E::GRpcStatus(status) => of_status(status),
        E::InvalidArgs(_) | E::InvalidUri(_) => Failure::Refused(Error::Invalid(told(error))),
        // The client's word for a time to live of zero.
        E::LeaseKeepAliveError(what) if what == "lease not found" => {
            Failure::Refused(Error::LeaseNotFound(LeaseId(0)))
        }
        _ => of_text(&told(error)).unwrap_or_else(|| Failure::Unknown(told(error))),
    }
}

/// As [`classify`], where nothing was sent yet that who asked would mind.
pub(crate) fn before_sending(error: &etcd_client::Error) -> Failure {
    match classify(error) {
        Failure::Unknown(why) => Failure::NotDone(why),
        failure => failure,
    }
}

/// What the reason means that etcd gives for ending a watch.
pub(crate) fn of_reason(reason: &str) -> Failure {
    match denied(reason) {
        Some(error) => Failure::Refused(error),
        None => Failure::Unknown(reason.to_owned()),
    }
}

fn of_status(status: &Status) -> Failure {
    let message = status.message();
    if let Some(refused) = refused(status.code(), message) {
        return Failure::Refused(refused);
    }
    let text = told(status);
    if let Some(failure) = of_text(&text) {
        return failure;
    }
    match message {
        "etcdserver: revision of auth store is old" => Failure::StaleToken,
        // Said before anything is proposed.
        "etcdserver: no leader" | "etcdserver: too many requests" | "etcdserver: not capable" => {
            Failure::NotDone(message.to_owned())
        }
        _ if message.starts_with("Service was not ready") || was_not_connected(status) => {
            Failure::NotDone(text)
        }
        _ => Failure::Unknown(text),
    }
}

fn refused(code: Code, message: &str) -> Option<Error> {
    let has = |part: &str| message.contains(part);
    Some(match code {
        Code::OutOfRange if has("compacted") => Error::Compacted { min: Revision(0) },
        Code::OutOfRange if has("future revision") => Error::Future {
            asked: Revision(0),
            newest: Revision(0),
        },
        // Our own side's bound on what it decodes.
        Code::OutOfRange if has("message length too large") => {
            Error::TooLarge("an answer of etcd".to_owned())
        }
        Code::OutOfRange => Error::Invalid(message.to_owned()),
        Code::ResourceExhausted if has("space exceeded") => Error::NoSpace(
            "etcd's quota is used up: compact and defragment it or raise \
             --quota-backend-bytes, then `etcdctl alarm disarm`"
                .to_owned(),
        ),
        Code::NotFound if has("lease not found") => Error::LeaseNotFound(LeaseId(0)),
        Code::InvalidArgument if has("too large") || has("too many operations") => {
            Error::TooLarge(message.to_owned())
        }
        Code::InvalidArgument if has("duplicate key") => Error::Invalid(message.to_owned()),
        Code::DataLoss => Error::Corrupt(message.to_owned()),
        _ => return denied(message),
    })
}

/// What has to do with users and permissions.
fn denied(message: &str) -> Option<Error> {
    let remedy = if message.contains("authentication failed") {
        "check store.etcd.username and store.etcd.password_file"
    } else if message.contains("user name is empty") {
        "it has users: set store.etcd.username and store.etcd.password_file"
    } else if message.contains("permission denied") {
        "grant the user of store.etcd.username read and write on the prefix /hark/"
    } else if message.contains("authentication is not enabled") {
        "it has no users: remove store.etcd.username"
    } else if message.contains("invalid auth token") {
        "check that its members run with the same --auth-token"
    } else {
        return None;
    };
    Some(Error::Denied(format!("{message}: {remedy}")))
}

/// What can only be told from words: TLS.
fn of_text(text: &str) -> Option<Failure> {
    let lower = text.to_lowercase();
    let remedy = if lower.contains("invalid peer certificate") {
        "check store.etcd.ca_file, and that etcd's certificate names the endpoint's host"
    } else if lower.contains("certificaterequired") || lower.contains("certificate required") {
        "it asks for a certificate: set store.etcd.cert_file and store.etcd.key_file"
    } else if lower.contains("fatal alert") {
        "it refuses our certificate: check store.etcd.cert_file"
    } else {
        return None;
    };
    Some(Failure::Refused(Error::Denied(format!("{text}: {remedy}"))))
}

fn was_not_connected(status: &Status) -> bool {
    let mut source = status.source();
    while let Some(error) = source {
        if error.is::<ConnectError>() {
            return true;
        }
        source = error.source();
    }
    false
}

/// The error and what caused it, without what is said twice.
fn told(error: &(dyn std::error::Error + 'static)) -> String {
    let mut text = match error.downcast_ref::<Status>() {
        Some(status) => status.message().to_owned(),
        None => error.to_string(),
    };
    let mut source = error.source();
    while let Some(cause) = source {
        let more = cause.to_string();
        if !text.contains(&more) {
            text = format!("{text}: {more}");
        }
        source = cause.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// What etcd says, and what it means.
    const SAID: &[(Code, &str, &str)] = &[
        (Code::Unavailable, "etcdserver: no leader", "NotDone"),
        (
            Code::Unavailable,
            "etcdserver: request timed out",
            "Unknown",
        ),
        (
            Code::Unavailable,
            "etcdserver: request timed out, possibly due to previous leader failure",
            "Unknown",
        ),
        (Code::Unavailable, "etcdserver: server stopped", "Unknown"),
        (Code::Unknown, "Service was not ready: x", "NotDone"),
        (
            Code::ResourceExhausted,
            "etcdserver: too many requests",
            "NotDone",
        ),
        (
            Code::ResourceExhausted,
            "etcdserver: mvcc: database space exceeded",
            "Refused(NoSpace",
        ),
        (
            Code::InvalidArgument,
            "etcdserver: request is too large",
            "Refused(TooLarge",
        ),
        (
            Code::InvalidArgument,
            "etcdserver: too many operations in txn request",
            "Refused(TooLarge",
        ),
        (
            Code::InvalidArgument,
            "etcdserver: duplicate key given in txn request",
            "Refused(Invalid",
        ),
        (
            Code::InvalidArgument,
            "etcdserver: authentication failed, invalid user ID or password",
            "Refused(Denied",
        ),
        (
            Code::InvalidArgument,
            "etcdserver: user name is empty",
            "Refused(Denied",
        ),
        (
            Code::PermissionDenied,
            "etcdserver: permission denied",
            "Refused(Denied",
        ),
        (
            Code::InvalidArgument,
            "etcdserver: revision of auth store is old",
            "StaleToken",
        ),
        (
            Code::NotFound,
            "etcdserver: requested lease not found",
            "Refused(LeaseNotFound",
        ),
        (
            Code::OutOfRange,
            "etcdserver: mvcc: required revision has been compacted",
            "Refused(Compacted",
        ),
        (
            Code::OutOfRange,
            "etcdserver: mvcc: required revision is a future revision",
            "Refused(Future",
        ),
        (
            Code::OutOfRange,
            "Error, decoded message length too large: found 5 bytes",
            "Refused(TooLarge",
        ),
        (
            Code::DataLoss,
            "etcdserver: corrupt cluster",
            "Refused(Corrupt",
        ),
        (
            Code::DeadlineExceeded,
            "context deadline exceeded",
            "Unknown",
        ),
        (
            Code::Unavailable,
            "tcp connect: invalid peer certificate: UnknownIssuer",
            "Refused(Denied",
        ),
    ];

    #[test]
    fn what_etcd_says_has_one_meaning() {
        for (code, message, expected) in SAID {
            let error = etcd_client::Error::GRpcStatus(Status::new(*code, *message));
            let found = format!("{:?}", classify(&error));
            assert!(found.starts_with(expected), "{message}: {found}");
        }
    }

    fn failures() -> impl Strategy<Value = Failure> {
        prop_oneof![
            Just(Failure::Refused(Error::NoSpace("x".to_owned()))),
            Just(Failure::NotDone("x".to_owned())),
            Just(Failure::StaleToken),
            Just(Failure::Unknown("x".to_owned())),
        ]
    }

    proptest! {
        #[test]
        fn what_may_have_happened_is_never_repeated_and_never_denied(
            failure in failures(),
            safe: bool,
            time_left: bool,
        ) {
            let repeat = if safe { Repeat::Safe } else { Repeat::Never };
            let may_have_happened = matches!(failure, Failure::Unknown(_)) && !safe;
            let refused = matches!(failure, Failure::Refused(_));
            match after(failure, repeat, time_left) {
                Step::Again => prop_assert!(!may_have_happened && !refused && time_left),
                Step::Give(Error::Indeterminate(_)) => prop_assert!(may_have_happened),
                Step::Give(Error::Unavailable(_)) => {
                    prop_assert!(!may_have_happened && !refused && !time_left);
                }
                Step::Give(_) => prop_assert!(refused),
            }
        }
    }
}
