//! The ledger's entries, as they are stored.

use hark_core::ledger::Entry;

use super::time::{required_timestamp, timestamp_to_pb};
use super::{ids, optional, repeated, required};
use crate::{Error, stored};

impl From<Entry> for stored::LedgerEntry {
    fn from(entry: Entry) -> Self {
        Self {
            commands: entry.commands.into_iter().map(Into::into).collect(),
            dangerous: entry.dangerous,
            claimed_at: Some(timestamp_to_pb(entry.claimed_at)),
            outcome: entry.outcome.map(Into::into),
            sentence_digest: entry.sentence_digest,
            intent: entry.intent.map(Into::into),
            language: entry.language.into(),
            planned: Some(entry.planned.into()),
        }
    }
}

impl TryFrom<stored::LedgerEntry> for Entry {
    type Error = Error;

    fn try_from(message: stored::LedgerEntry) -> Result<Self, Error> {
        Ok(Self {
            commands: repeated("commands", message.commands)?,
            dangerous: message.dangerous,
            claimed_at: required_timestamp("claimed_at", message.claimed_at)?,
            outcome: optional("outcome", message.outcome)?,
            sentence_digest: message.sentence_digest,
            intent: optional("intent", message.intent)?,
            language: ids::language("language", &message.language)?,
            planned: required("planned", message.planned)?,
        })
    }
}
