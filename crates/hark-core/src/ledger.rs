//! The ledger's rules: each utterance acts once.
//!
//! What an utterance is to do is written down before anything is done, in one
//! create-if-absent transaction. Whoever finds an entry asks [`replay`] what to do;
//! [`check_age`] refuses what the ledger can no longer know about.

use std::time::Duration;

use crate::device::Command;
use crate::ids::SessionId;
use crate::intent::Intent;
use crate::language::Language;
use crate::outcome::{Reply, UtteranceOutcome};
use crate::time::Timestamp;

/// How long an entry is kept where the owner says nothing else, and hence the longest
/// that a session can be used.
pub const RETENTION: Duration = Duration::from_secs(24 * 3600);

/// A session id whose time is before this was made by a clock that nobody had set
/// (2024-01-01).
const EARLIEST_CREDIBLE: Timestamp = Timestamp::from_unix_ms(1_704_067_200_000);

/// One utterance's decision and its outcome.
#[derive(Debug, Clone, PartialEq)]
pub struct Entry {
    /// The absolute commands.
    pub commands: Vec<Command>,
    /// Whether any of them is dangerous.
    pub dangerous: bool,
    /// When the claim was made.
    pub claimed_at: Timestamp,
    /// What came of it; `None` until all commands are finished.
    pub outcome: Option<UtteranceOutcome>,
    /// A digest of text and language.
    pub sentence_digest: Vec<u8>,
    /// What was understood.
    pub intent: Option<Intent>,
    /// The language to answer in.
    pub language: Language,
    /// What is said if all commands succeed.
    pub planned: Reply,
}

/// What to do about an utterance that has an entry.
#[derive(Debug, Clone, PartialEq)]
pub enum Replay {
    /// Answer what was recorded.
    Recorded(UtteranceOutcome),
    /// Carry out the same commands again: they are absolute and harmless.
    Again,
    /// It may have been done or not, and must not be repeated.
    Unknown,
    /// The key was used for another sentence: an error of the caller.
    OtherSentence,
    /// It is too old to be answered.
    TooOld,
}

/// What to do about an utterance with that digest which has an entry.
pub fn replay(
    entry: &Entry,
    sentence_digest: &[u8],
    now: Timestamp,
    retention: Duration,
) -> Replay {
    if is_expired(entry, now, retention) {
        return Replay::TooOld;
    }
    if entry.sentence_digest != sentence_digest {
        return Replay::OtherSentence;
    }
    match &entry.outcome {
        Some(outcome) => Replay::Recorded(UtteranceOutcome {
            replayed: true,
            ..outcome.clone()
        }),
        None if entry.dangerous => Replay::Unknown,
        None => Replay::Again,
    }
}

/// Whether the ledger need not keep the entry any more.
pub fn is_expired(entry: &Entry, now: Timestamp, retention: Duration) -> bool {
    now.since(entry.claimed_at) > retention
}

/// Whether an utterance of that session may be new: a session that began longer ago
/// than `retention` may have had entries that are gone, so what it says now can't be
/// told from a replay.
///
/// Only a UUID version 7 says when it was made; one that says it was before 2024 or is
/// still to come was made by a wrong clock, and a speaker without the right time must
/// work as well. For those the entries themselves are all there is.
pub fn check_age(session: SessionId, now: Timestamp, retention: Duration) -> bool {
    let Some(began) = began_at(session) else {
        return true;
    };
    began < EARLIEST_CREDIBLE || now.since(began) <= retention
}

fn began_at(session: SessionId) -> Option<Timestamp> {
    let (seconds, nanos) = match session.0.get_version_num() {
        7 => session.0.get_timestamp()?.to_unix(),
        _ => return None,
    };
    let ms = seconds.checked_mul(1000)? + u64::from(nanos / 1_000_000);
    i64::try_from(ms).ok().map(Timestamp::from_unix_ms)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::outcome::Outcome;

    const NOW: Timestamp = Timestamp::from_unix_ms(1_800_000_000_000);
    const HOUR_MS: i64 = 3_600_000;

    fn reply() -> Reply {
        Reply {
            code: "light_on".to_owned(),
            arguments: BTreeMap::new(),
            language: Language::german(),
            text: "Das Flurlicht ist an.".to_owned(),
        }
    }

    fn entry(dangerous: bool, finished: bool, claimed_at: Timestamp) -> Entry {
        let outcome = UtteranceOutcome {
            outcome: Outcome::Done,
            intent: None,
            devices: vec![],
            reply: reply(),
            replayed: false,
        };
        Entry {
            commands: vec![],
            dangerous,
            claimed_at,
            outcome: finished.then_some(outcome),
            sentence_digest: vec![1, 2],
            intent: None,
            language: Language::german(),
            planned: reply(),
        }
    }

    fn before(hours: i64) -> Timestamp {
        Timestamp::from_unix_ms(NOW.unix_ms - hours * HOUR_MS)
    }

    #[test]
    fn a_replay_is_answered_from_what_was_recorded() {
        let Replay::Recorded(outcome) = replay(&entry(true, true, NOW), &[1, 2], NOW, RETENTION)
        else {
            panic!("it was recorded");
        };
        assert!(outcome.replayed);
    }

    #[test]
    fn what_is_unfinished_is_repeated_only_if_it_is_harmless() {
        for (dangerous, digest, hours, expect) in [
            (false, [1, 2], 0, Replay::Again),
            (true, [1, 2], 0, Replay::Unknown),
            (false, [3, 4], 0, Replay::OtherSentence),
            (true, [3, 4], 0, Replay::OtherSentence),
            (false, [1, 2], 24, Replay::Again),
            (false, [1, 2], 25, Replay::TooOld),
        ] {
            let entry = entry(dangerous, false, before(hours));
            assert_eq!(replay(&entry, &digest, NOW, RETENTION), expect);
        }
    }

    fn session(at: Timestamp) -> SessionId {
        let ms = u64::try_from(at.unix_ms).unwrap();
        let bytes = [7; 10];
        SessionId(uuid::Builder::from_unix_timestamp_millis(ms, &bytes).into_uuid())
    }

    #[test]
    fn a_session_that_began_too_long_ago_is_refused() {
        for (began, fresh) in [
            (NOW, true),
            (before(24), true),
            (before(25), false),
            (before(-25), true),
            // A speaker whose clock was never set.
            (Timestamp::from_unix_ms(5), true),
        ] {
            assert_eq!(
                check_age(session(began), NOW, RETENTION),
                fresh,
                "{began:?}"
            );
        }
        let timeless = SessionId::parse("f47ac10b-58cc-4372-a567-0e02b2c3d479").unwrap();
        assert!(check_age(timeless, NOW, RETENTION));
    }

    #[test]
    fn an_entry_outlives_the_session_that_made_it() {
        // Claimed in the last moment of its session: when the entry goes, the session
        // has long been refused.
        let began = before(24);
        let claimed = entry(false, true, NOW);
        assert!(check_age(session(began), NOW, RETENTION));
        let later = NOW.plus(Duration::from_secs(1));
        assert!(
            !check_age(session(began), later, RETENTION) && !is_expired(&claimed, later, RETENTION)
        );
    }
}
