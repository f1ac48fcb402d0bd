//! Values as the store keeps them: each one a [`Stored`] with a schema version.

use hark_core::store::Entry;
use prost::Message as _;

use crate::Error;
use crate::stored::Stored;
use crate::stored::stored::Value;

/// The schema that is written; what is newer can't be read.
pub const SCHEMA: u32 = 1;

/// A value as bytes.
pub fn encode(value: Value) -> Vec<u8> {
    let stored = Stored {
        schema: SCHEMA,
        value: Some(value),
    };
    stored.encode_to_vec()
}

/// The value of an entry.
///
/// # Errors
/// Names the key, and what is wrong: not a value, newer than this version knows, or of a
/// kind that it does not know.
pub fn decode(entry: &Entry) -> Result<Value, Error> {
    let wrong = |what: String| Error::internal(format!("{} in the store {what}", entry.key));
    let stored =
        Stored::decode(&*entry.value).map_err(|e| wrong(format!("does not decode: {e}")))?;
    if stored.schema > SCHEMA {
        let schema = stored.schema;
        return Err(wrong(format!(
            "has schema {schema}; this version knows {SCHEMA}"
        )));
    }
    stored
        .value
        .ok_or_else(|| wrong("is of no kind that this version knows".to_owned()))
}

/// Where values of this kind lie: what follows the home in their keys.
pub fn place(value: &Value) -> &'static str {
    match value {
        Value::DeviceState(_) => "device/",
        Value::LedgerEntry(_) => "ledger/",
        Value::Timer(_) => "timer/",
        Value::List(_) => "list/",
        Value::Push(_) => "push/",
        Value::Instance(_) => "instance/",
        Value::Credential(_) => "access/credential/",
        Value::Revocation(_) => "access/revoked/",
    }
}

#[cfg(test)]
mod tests {
    use hark_core::store::{Key, Revision};

    use super::*;

    fn entry(value: Vec<u8>) -> Entry {
        Entry {
            key: Key::new("/hark/v1/home/device/light.hallway"),
            value,
            create_revision: Revision(1),
            mod_revision: Revision(1),
            version: 1,
            lease: None,
        }
    }

    #[test]
    fn a_value_survives_the_round_trip() {
        let value = Value::DeviceState(crate::v1::DeviceState {
            on: Some(true),
            ..Default::default()
        });
        assert_eq!(decode(&entry(encode(value.clone()))), Ok(value));
    }

    #[test]
    fn what_is_no_value_is_named_by_its_key() {
        let newer = Stored {
            schema: SCHEMA + 1,
            value: None,
        };
        for (bytes, says) in [
            (vec![0xff], "does not decode"),
            (newer.encode_to_vec(), "has schema 2"),
            (Stored::default().encode_to_vec(), "of no kind"),
        ] {
            let error = decode(&entry(bytes)).unwrap_err().to_string();
            assert!(
                error.contains("light.hallway") && error.contains(says),
                "{error}"
            );
        }
    }
}
