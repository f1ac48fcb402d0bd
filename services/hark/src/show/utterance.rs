//! An utterance and what came of it.

use std::fmt::Write as _;
use std::path::PathBuf;

use hark_core::outcome::{Timings, UtteranceOutcome};
use hark_core::{Language, Ordinal, SessionId};

use super::time::ms;
use super::{device, style};

/// An utterance that was spoken or typed, and what came of it.
#[derive(Debug, Clone)]
pub struct Handled {
    /// The session.
    pub session: SessionId,
    /// Its number there.
    pub ordinal: Ordinal,
    /// The trace that it is in.
    pub trace_id: String,
    /// The recording it came from.
    pub file: Option<PathBuf>,
    /// The words; empty where nothing was said.
    pub transcript: String,
    /// The language it was heard in.
    pub language: Option<Language>,
    /// Meaning, devices and reply.
    pub outcome: UtteranceOutcome,
    /// How long each part took.
    pub timings: Timings,
}

impl Handled {
    /// For people: the words, what changed, the reply, the times.
    pub fn text(&self) -> String {
        let mut text = String::new();
        let said = match self.transcript.is_empty() {
            true => "(nothing was said)",
            false => &self.transcript,
        };
        let _ = writeln!(text, "{}{said}{:#}", style::STRONG, style::STRONG);
        for change in &self.outcome.devices {
            let domain = device::domain_of(&change.device);
            let before = device::state(domain, &change.before);
            let after = device::state(domain, &change.after);
            let _ = match before == after {
                true => writeln!(text, "  {}, {}: {after}", change.area, change.name),
                false => writeln!(
                    text,
                    "  {}, {}: {before} → {after}",
                    change.area, change.name
                ),
            };
        }
        let style = style::of(self.outcome.outcome);
        let _ = write!(text, "  {style}{}{style:#}", self.outcome.reply.text);
        if self.outcome.replayed {
            let _ = write!(text, " {}(as recorded){:#}", style::DIM, style::DIM);
        }
        let times = times(&self.timings);
        if !times.is_empty() {
            let _ = write!(text, "\n  {}{times}{:#}", style::DIM, style::DIM);
        }
        text
    }
}

fn times(timings: &Timings) -> String {
    let parts = [
        ("endpoint", timings.endpoint),
        ("queue", timings.queue),
        ("encode", timings.encode),
        ("decode", timings.decode),
        ("intent", timings.intent),
        ("action", timings.action),
    ];
    let parts: Vec<_> = parts
        .into_iter()
        .filter_map(|(name, took)| Some(format!("{name} {}", ms(took?))))
        .collect();
    match timings.total {
        Some(total) => format!("{} in all ({})", ms(total), parts.join(", ")),
        None => parts.join(", "),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::time::Duration;

    use hark_core::DeviceId;
    use hark_core::device::DeviceState;
    use hark_core::outcome::{DeviceChange, Outcome, Reply};

    use super::*;

    fn handled() -> Handled {
        let state = |on| DeviceState {
            on: Some(on),
            ..Default::default()
        };
        Handled {
            session: SessionId::parse("0190f2a4-7c1e-7b3a-9d55-2f6f1c0e8a77").unwrap(),
            ordinal: Ordinal(0),
            trace_id: String::new(),
            file: None,
            transcript: "Schalte das Licht im Flur ein".to_owned(),
            language: Some(Language::german()),
            outcome: UtteranceOutcome {
                outcome: Outcome::Done,
                intent: None,
                devices: vec![DeviceChange {
                    device: DeviceId::parse("light.hallway").unwrap(),
                    name: "Licht".to_owned(),
                    area: "Flur".to_owned(),
                    before: state(false),
                    after: state(true),
                }],
                reply: Reply {
                    code: "light_on".to_owned(),
                    arguments: BTreeMap::new(),
                    language: Language::german(),
                    text: "Das Licht im Flur ist an.".to_owned(),
                },
                replayed: false,
            },
            timings: Timings {
                decode: Some(Duration::from_millis(200)),
                total: Some(Duration::from_millis(412)),
                ..Default::default()
            },
        }
    }

    fn plain(text: &str) -> String {
        anstream::adapter::strip_str(text).to_string()
    }

    #[test]
    fn words_change_reply_and_times_have_a_line_each() {
        let expect = "Schalte das Licht im Flur ein\n  Flur, Licht: off → on\n  \
                      Das Licht im Flur ist an.\n  412 ms in all (decode 200 ms)";
        assert_eq!(plain(&handled().text()), expect);
    }

    #[test]
    fn silence_and_replays_are_said() {
        let mut handled = handled();
        handled.transcript.clear();
        handled.outcome.replayed = true;
        let text = plain(&handled.text());
        assert!(text.starts_with("(nothing was said)"), "{text}");
        assert!(text.contains("(as recorded)"), "{text}");
    }
}
