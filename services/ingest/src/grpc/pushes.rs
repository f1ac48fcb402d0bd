//! What speakers are to be told, as the store keeps it.

use hark_core::push::Push;
use hark_core::store::Entry;
use hark_proto::stored::stored::Value;
use hark_proto::{Error, value};

/// Reads a push.
///
/// # Errors
/// Says what is wrong with the stored value.
pub(crate) fn decode(entry: &Entry) -> Result<Push, Error> {
    match value::decode(entry)? {
        Value::Push(push) => Push::try_from(push),
        _ => Err(Error::internal(format!("{} is no push", entry.key))),
    }
}

/// A push as it is stored; the router does the same.
#[cfg(test)]
pub(crate) fn encode(push: Push) -> Vec<u8> {
    value::encode(Value::Push(push.into()))
}
