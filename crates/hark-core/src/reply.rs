//! What Hark can say: every reply code with its arguments.
//!
//! A decision names a code and typed arguments; the sentences themselves live with
//! the languages. Whoever has sentences checks them against [`CODES`].

use std::collections::BTreeMap;

use crate::language::Language;
use crate::words;

/// A reply before it is put into a sentence.
#[derive(Debug, Clone, PartialEq)]
pub struct Say {
    /// One of [`CODES`].
    pub code: &'static str,
    /// Its arguments, by name.
    pub arguments: BTreeMap<&'static str, Argument>,
}

/// What a sentence is filled with.
#[derive(Debug, Clone, PartialEq)]
pub enum Argument {
    /// Text that is said as it is, like a name.
    Text(String),
    /// A number, said with the language's decimal sign.
    Number(f64),
    /// A time span, said in hours, minutes and seconds.
    Duration(std::time::Duration),
    /// Several texts, said as an enumeration.
    Texts(Vec<String>),
    /// A time of day.
    Time {
        /// 0 to 23.
        hour: u8,
        /// 0 to 59.
        minute: u8,
    },
    /// A day.
    Date(words::Date),
}

impl Say {
    /// Whether it repeats words that mean nothing in this home.
    pub fn repeats_what_was_heard(&self) -> bool {
        self.arguments.contains_key("spoken")
    }

    /// A reply without arguments.
    pub fn new(code: &'static str) -> Self {
        Self {
            code,
            arguments: BTreeMap::new(),
        }
    }

    /// The same with one argument more.
    #[must_use]
    pub fn with(mut self, name: &'static str, argument: Argument) -> Self {
        self.arguments.insert(name, argument);
        self
    }

    /// The same with a text more.
    #[must_use]
    pub fn text(self, name: &'static str, text: impl Into<String>) -> Self {
        self.with(name, Argument::Text(text.into()))
    }

    /// The same with a number more.
    #[must_use]
    pub fn number(self, name: &'static str, number: impl Into<f64>) -> Self {
        self.with(name, Argument::Number(number.into()))
    }

    /// The arguments as `language` says them.
    pub fn in_words(&self, language: &Language) -> BTreeMap<String, String> {
        let say = |(name, argument): (&&str, &Argument)| {
            ((*name).to_owned(), argument.in_words(language))
        };
        self.arguments.iter().map(say).collect()
    }
}

impl Argument {
    /// The argument as `language` says it.
    pub fn in_words(&self, language: &Language) -> String {
        match self {
            Self::Text(text) => text.clone(),
            Self::Number(number) => words::number(*number, language),
            Self::Duration(duration) => words::duration(*duration, language),
            Self::Texts(texts) => words::enumeration(texts, language),
            Self::Time { hour, minute } => words::time(*hour, *minute, language),
            Self::Date(date) => words::date(*date, language),
        }
    }
}

/// Every code with the names of its arguments.
///
/// `device` is how a sentence refers to the device (`das Garagentor`), `area` the
/// place with its preposition (`im Flur`, `in the hallway`), `spoken` what the person
/// said and this home does not know. `devices`, `timers`, `items` and `choices` are
/// enumerations; `duration`, `remaining` and `late` are time spans in words.
pub const CODES: &[(&str, &[&str])] = &[
    // Lights, done or asked about.
    ("light_on", &["device"]),
    ("light_off", &["device"]),
    ("lights_on", &["area"]),
    ("lights_off", &["area"]),
    ("light_brightness", &["device", "brightness"]),
    ("lights_brightness", &["area", "brightness"]),
    ("lights_brighter", &["area"]),
    ("lights_darker", &["area"]),
    ("light_color", &["device", "color"]),
    ("lights_color", &["area", "color"]),
    // Other devices, done or asked about.
    ("device_on", &["device"]),
    ("device_off", &["device"]),
    ("devices_on", &["area"]),
    ("devices_off", &["area"]),
    ("device_open", &["device"]),
    ("device_closed", &["device"]),
    ("device_position", &["device", "position"]),
    ("covers_open", &["area"]),
    ("covers_closed", &["area"]),
    ("covers_position", &["area", "position"]),
    ("device_locked", &["device"]),
    ("device_unlocked", &["device"]),
    ("climate_target", &["device", "temperature"]),
    ("climates_target", &["area", "temperature"]),
    ("temperature", &["area", "temperature"]),
    ("device_temperature", &["device", "temperature"]),
    ("device_measures", &["device", "value"]),
    ("state_unknown", &["device"]),
    ("fan_speed", &["device", "speed"]),
    ("robot_works", &["device"]),
    ("robot_docks", &["device"]),
    ("scene_activated", &["device"]),
    ("script_run", &["device"]),
    ("media_paused", &["device"]),
    ("media_playing", &["device"]),
    ("media_next", &["device"]),
    ("media_previous", &["device"]),
    ("media_muted", &["device"]),
    ("media_unmuted", &["device"]),
    ("media_volume", &["device", "volume"]),
    // The weather; `condition` is Home Assistant's name of it.
    ("weather", &["condition"]),
    ("weather_temperature", &["condition", "temperature"]),
    ("weather_unknown", &[]),
    ("any_on", &["devices"]),
    ("none_on", &[]),
    ("any_open", &["devices"]),
    ("none_open", &[]),
    ("any_unlocked", &["devices"]),
    ("none_unlocked", &[]),
    // Timers.
    ("timer_started", &["duration"]),
    ("timer_started_named", &["name", "duration"]),
    ("timer_remaining", &["remaining"]),
    ("timer_remaining_named", &["name", "remaining"]),
    ("timers_remaining", &["count", "timers"]),
    ("timer_cancelled", &[]),
    ("timer_cancelled_named", &["name"]),
    ("timers_cancelled", &["count"]),
    ("timer_changed", &["remaining"]),
    ("timer_changed_named", &["name", "remaining"]),
    ("timer_paused", &["remaining"]),
    ("timer_paused_named", &["name", "remaining"]),
    ("timer_resumed", &["remaining"]),
    ("timer_resumed_named", &["name", "remaining"]),
    ("no_timer", &[]),
    ("unknown_timer", &["name"]),
    ("which_timer", &["timers"]),
    ("timer_needs_duration", &[]),
    ("timer_too_long", &["duration"]),
    ("too_many_timers", &["count"]),
    ("timer_ringing", &["duration"]),
    ("timer_ringing_named", &["name", "duration"]),
    ("timer_ringing_late", &["duration", "late"]),
    ("timer_ringing_late_named", &["name", "duration", "late"]),
    // Lists.
    ("item_added", &["item", "list"]),
    ("item_already_there", &["item", "list"]),
    ("item_removed", &["item", "list"]),
    ("item_completed", &["item", "list"]),
    ("unknown_item", &["item", "list"]),
    ("list_items", &["list", "items"]),
    ("list_empty", &["list"]),
    ("unknown_list", &["spoken"]),
    ("list_full", &["list"]),
    // Time.
    ("time", &["time"]),
    ("date", &["date"]),
    // Talk.
    ("never_mind", &[]),
    ("hello", &[]),
    ("respond", &["text"]),
    ("announced", &["text"]),
    // Questions back.
    ("which_area", &[]),
    ("which_device", &["choices"]),
    ("unknown_area", &["spoken"]),
    ("unknown_floor", &["spoken"]),
    ("unknown_device", &["spoken"]),
    ("unknown_color", &["spoken"]),
    ("missing_value", &[]),
    ("missing_message", &[]),
    ("which_kind", &[]),
    ("one_at_a_time", &[]),
    // No.
    ("refused_lock", &["device"]),
    ("refused_dangerous", &["device"]),
    ("refused_whole_home", &[]),
    // It did not work.
    ("not_understood", &["spoken"]),
    ("nothing_heard", &[]),
    ("not_yet", &["what"]),
    ("no_such_device", &[]),
    ("no_device_in_area", &["area"]),
    ("device_cannot", &["device"]),
    ("out_of_range", &["value", "low", "high"]),
    ("device_unavailable", &["device"]),
    ("partly_done", &["devices"]),
    ("store_unavailable", &[]),
    ("store_full", &[]),
    ("outcome_unknown", &[]),
];

/// Whether `code` is one of [`CODES`] and has just the arguments it needs.
pub fn is_complete(say: &Say) -> bool {
    let Some((_, names)) = CODES.iter().find(|(code, _)| *code == say.code) else {
        return false;
    };
    names.len() == say.arguments.len() && names.iter().all(|n| say.arguments.contains_key(n))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_code_is_there_twice() {
        let codes: std::collections::BTreeSet<_> = CODES.iter().map(|(code, _)| code).collect();
        assert_eq!(codes.len(), CODES.len());
    }

    #[test]
    fn a_reply_needs_just_its_arguments() {
        let on = Say::new("light_on");
        assert!(!is_complete(&on));
        let on = on.text("device", "das Flurlicht");
        assert!(is_complete(&on));
        assert!(!is_complete(&on.text("area", "im Flur")));
        assert!(!is_complete(&Say::new("light_exploded")));
    }

    #[test]
    fn arguments_are_said_in_the_language() {
        let say = Say::new("temperature")
            .text("area", "im Bad")
            .number("temperature", 21.5);
        let words = say.in_words(&Language::german());
        assert_eq!(words["temperature"], "21,5");
        assert_eq!(words["area"], "im Bad");
    }
}
