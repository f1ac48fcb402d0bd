//! Device states as they are kept in the store.

use hark_core::device::DeviceState;
use hark_proto::stored::{Stored, stored::Value};
use prost::Message as _;

/// The schema that is written; what is newer can't be read.
const SCHEMA: u32 = 1;

/// A state as bytes.
pub(crate) fn encode(state: DeviceState) -> Vec<u8> {
    let stored = Stored {
        schema: SCHEMA,
        value: Some(Value::DeviceState(state.into())),
    };
    stored.encode_to_vec()
}

/// The state in some bytes; says what is wrong with them.
pub(crate) fn decode(bytes: &[u8]) -> Result<DeviceState, String> {
    let stored = Stored::decode(bytes).map_err(|e| e.to_string())?;
    if stored.schema > SCHEMA {
        return Err(format!("schema {} is newer than {SCHEMA}", stored.schema));
    }
    match stored.value {
        Some(Value::DeviceState(state)) => state.try_into().map_err(|e| format!("{e}")),
        _ => Err("it is not a device state".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_state_survives_the_round_trip() {
        let state = DeviceState {
            on: Some(true),
            brightness_pct: Some(40),
            ..Default::default()
        };
        assert_eq!(decode(&encode(state)), Ok(state));
    }

    #[test]
    fn what_is_no_state_is_refused() {
        let newer = Stored {
            schema: SCHEMA + 1,
            value: Some(Value::DeviceState(DeviceState::default().into())),
        };
        let other = Stored {
            schema: SCHEMA,
            value: Some(Value::List(Default::default())),
        };
        for bytes in [vec![0xff], newer.encode_to_vec(), other.encode_to_vec()] {
            assert!(decode(&bytes).is_err(), "{bytes:?}");
        }
    }
}
