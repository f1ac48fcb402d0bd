//! Intents and readings.

use std::collections::BTreeMap;

use hark_core::intent::{Intent, Reading, Slot, SlotValue};

use super::required;
use crate::{Error, internal, v1};

impl From<Intent> for v1::Intent {
    fn from(intent: Intent) -> Self {
        let slots = intent.slots.into_iter().map(slot_to_pb).collect();
        let name = intent.name;
        Self { name, slots }
    }
}

impl TryFrom<v1::Intent> for Intent {
    type Error = Error;

    fn try_from(message: v1::Intent) -> Result<Self, Error> {
        if message.name.is_empty() {
            return Err(Error::missing("name"));
        }
        let mut slots = BTreeMap::new();
        for (i, message) in message.slots.into_iter().enumerate() {
            let (name, value) = slot(message).map_err(|e| e.within(&format!("slots[{i}]")))?;
            if slots.insert(name.clone(), value).is_some() {
                let description = format!("has the slot `{name}` twice");
                return Err(Error::invalid_field("slots", description));
            }
        }
        let name = message.name;
        Ok(Self { name, slots })
    }
}

impl From<Reading> for internal::Reading {
    fn from(reading: Reading) -> Self {
        Self {
            intent: Some(reading.intent.into()),
            score: reading.score,
            response: reading.response,
        }
    }
}

impl TryFrom<internal::Reading> for Reading {
    type Error = Error;

    fn try_from(message: internal::Reading) -> Result<Self, Error> {
        Ok(Self {
            intent: required("intent", message.intent)?,
            score: message.score,
            response: message.response,
        })
    }
}

fn slot_to_pb((name, slot): (String, Slot)) -> v1::Slot {
    let value = match slot.value {
        SlotValue::Text(text) => v1::slot::Value::Text(text),
        SlotValue::Number(number) => v1::slot::Value::Number(number),
    };
    v1::Slot {
        name,
        value: Some(value),
        spoken: slot.spoken,
    }
}

fn slot(message: v1::Slot) -> Result<(String, Slot), Error> {
    if message.name.is_empty() {
        return Err(Error::missing("name"));
    }
    let value = match message.value.ok_or_else(|| Error::missing("value"))? {
        v1::slot::Value::Text(text) => SlotValue::Text(text),
        v1::slot::Value::Number(number) if number.is_finite() => SlotValue::Number(number),
        v1::slot::Value::Number(_) => {
            return Err(Error::invalid_field("number", "is not a finite number"));
        }
    };
    let spoken = message.spoken;
    Ok((message.name, Slot { value, spoken }))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::convert::testing;

    #[test]
    fn a_slot_twice_or_without_a_value_is_an_error() {
        let slot = |value| v1::Slot {
            name: "area".into(),
            value,
            spoken: String::new(),
        };
        let text = || slot(Some(v1::slot::Value::Text("flur".into())));
        let intent = |slots| v1::Intent {
            name: "HassTurnOn".into(),
            slots,
        };
        let error = Intent::try_from(intent(vec![text(), text()])).unwrap_err();
        assert!(error.to_string().contains("`area` twice"), "{error}");
        let error = Intent::try_from(intent(vec![slot(None)])).unwrap_err();
        assert_eq!(error.violations()[0].field, "slots[0].value");
    }

    proptest! {
        #[test]
        fn intents_round_trip(intent in testing::intent()) {
            let message = v1::Intent::from(intent.clone());
            prop_assert_eq!(Intent::try_from(message), Ok(intent));
        }

        #[test]
        fn readings_round_trip(intent in testing::intent(), score in -1e6_f32..1e6) {
            let reading = Reading { intent, score, response: "default".into() };
            let message = internal::Reading::from(reading.clone());
            prop_assert_eq!(Reading::try_from(message), Ok(reading));
        }
    }
}
