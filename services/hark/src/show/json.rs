//! The JSON that programs read. Its names are a contract.

use std::collections::BTreeMap;
use std::time::Duration;

use hark_core::device::{DeviceState, Domain};
use hark_core::intent::{Intent, SlotValue};
use hark_core::outcome::{DeviceChange, Reply, Timings};
use serde::Serialize;

use super::utterance::Handled;

/// What an utterance meant and what was done.
#[derive(Debug, Serialize)]
pub struct Utterance {
    session: String,
    ordinal: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    file: Option<String>,
    trace_id: String,
    transcript: String,
    language: Option<String>,
    intent: Option<IntentJson>,
    devices: Vec<ChangeJson>,
    reply: ReplyJson,
    outcome: &'static str,
    replayed: bool,
    timings_ms: TimingsJson,
}

impl From<Handled> for Utterance {
    fn from(handled: Handled) -> Self {
        let outcome = handled.outcome;
        Self {
            session: handled.session.to_string(),
            ordinal: handled.ordinal.0,
            file: handled.file.map(|f| f.display().to_string()),
            trace_id: handled.trace_id,
            transcript: handled.transcript,
            language: handled.language.map(String::from),
            intent: outcome.intent.map(IntentJson::from),
            devices: outcome.devices.into_iter().map(ChangeJson::from).collect(),
            reply: outcome.reply.into(),
            outcome: outcome.outcome.as_str(),
            replayed: outcome.replayed,
            timings_ms: handled.timings.into(),
        }
    }
}

/// A state: one word for it, and all that is known.
#[derive(Debug, Serialize)]
pub struct StateJson {
    state: String,
    #[serde(flatten)]
    fields: DeviceState,
}

impl StateJson {
    /// A state of a device of that domain.
    pub fn new(domain: Domain, fields: DeviceState) -> Self {
        let state = fields.word(domain);
        Self { state, fields }
    }
}

/// How long each part took, in milliseconds; `null` where it did not happen.
#[derive(Debug, Serialize)]
pub struct TimingsJson {
    speech: Option<f64>,
    endpoint: Option<f64>,
    queue: Option<f64>,
    encode: Option<f64>,
    decode: Option<f64>,
    intent: Option<f64>,
    action: Option<f64>,
    total: Option<f64>,
}

impl From<Timings> for TimingsJson {
    fn from(timings: Timings) -> Self {
        Self {
            speech: timings.speech.map(ms),
            endpoint: timings.endpoint.map(ms),
            queue: timings.queue.map(ms),
            encode: timings.encode.map(ms),
            decode: timings.decode.map(ms),
            intent: timings.intent.map(ms),
            action: timings.action.map(ms),
            total: timings.total.map(ms),
        }
    }
}

/// Milliseconds, to the microsecond.
pub fn ms(duration: Duration) -> f64 {
    (duration.as_secs_f64() * 1e6).round() / 1e3
}

#[derive(Debug, Serialize)]
struct IntentJson {
    name: String,
    slots: BTreeMap<String, serde_json::Value>,
}

impl From<Intent> for IntentJson {
    fn from(intent: Intent) -> Self {
        let value = |value| match value {
            SlotValue::Text(text) => text.into(),
            SlotValue::Number(number) if number.fract() == 0.0 && number.abs() < 1e15 => {
                (number as i64).into()
            }
            SlotValue::Number(number) => number.into(),
        };
        let slots = intent.slots.into_iter();
        Self {
            name: intent.name,
            slots: slots
                .map(|(name, slot)| (name, value(slot.value)))
                .collect(),
        }
    }
}

#[derive(Debug, Serialize)]
struct ChangeJson {
    id: String,
    name: String,
    area: String,
    before: StateJson,
    after: StateJson,
}

impl From<DeviceChange> for ChangeJson {
    fn from(change: DeviceChange) -> Self {
        let domain = super::device::domain_of(&change.device);
        Self {
            id: change.device.into(),
            name: change.name,
            area: change.area,
            before: StateJson::new(domain, change.before),
            after: StateJson::new(domain, change.after),
        }
    }
}

#[derive(Debug, Serialize)]
struct ReplyJson {
    code: String,
    text: String,
    language: String,
}

impl From<Reply> for ReplyJson {
    fn from(reply: Reply) -> Self {
        Self {
            code: reply.code,
            text: reply.text,
            language: reply.language.into(),
        }
    }
}

#[cfg(test)]
mod tests {
    use hark_core::device::Rgb;

    use super::*;

    #[test]
    fn a_state_has_a_word_and_its_fields() {
        let fields = DeviceState {
            on: Some(true),
            brightness_pct: Some(70),
            color: Some(Rgb {
                red: 255,
                green: 0,
                blue: 0,
            }),
            ..Default::default()
        };
        let json = serde_json::to_value(StateJson::new(Domain::Light, fields)).unwrap();
        let expect = serde_json::json!({
            "state": "on", "on": true, "brightness_pct": 70,
            "color": { "red": 255, "green": 0, "blue": 0 },
        });
        assert_eq!(json, expect);
    }

    #[test]
    fn whole_numbers_have_no_point() {
        let slot = |value| hark_core::intent::Slot {
            value,
            spoken: String::new(),
        };
        let intent = Intent {
            name: "HassLightSet".to_owned(),
            slots: BTreeMap::from([
                ("area".to_owned(), slot(SlotValue::Text("Flur".to_owned()))),
                ("brightness".to_owned(), slot(SlotValue::Number(70.0))),
                ("temperature".to_owned(), slot(SlotValue::Number(20.5))),
            ]),
        };
        let json = serde_json::to_value(IntentJson::from(intent)).unwrap();
        let expect = serde_json::json!({ "area": "Flur", "brightness": 70, "temperature": 20.5 });
        assert_eq!(json["slots"], expect);
    }

    #[test]
    fn milliseconds_are_rounded_to_the_microsecond() {
        assert_eq!(ms(Duration::from_nanos(1_234_567)), 1.235);
    }
}
