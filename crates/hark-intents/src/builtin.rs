//! The sentence files that come with Hark, inside the program.

use hark_core::Language;

use crate::error::Error;

macro_rules! files {
    ($language:literal: $($name:literal),+ $(,)?) => {
        &[$((
            concat!("intents/", $language, "/", $name),
            include_str!(concat!("../../../intents/", $language, "/", $name)),
        )),+]
    };
}

const GERMAN: &[(&str, &str)] = files!("de": "climate.yaml", "common.yaml", "covers.yaml", "devices.yaml", "lights.yaml", "locks.yaml", "media.yaml",
    "replies.yaml", "robots.yaml", "scenes.yaml", "states.yaml", "talk.yaml", "timers.yaml", "todo.yaml", "weather.yaml");
const ENGLISH: &[(&str, &str)] = files!("en": "climate.yaml", "common.yaml", "covers.yaml", "devices.yaml", "lights.yaml", "locks.yaml", "media.yaml",
    "replies.yaml", "robots.yaml", "scenes.yaml", "states.yaml", "talk.yaml", "timers.yaml", "todo.yaml", "weather.yaml");

/// Name and text of every file in the language that serves `language` best.
pub(crate) fn files(language: &Language) -> Result<&'static [(&'static str, &'static str)], Error> {
    match language.primary() {
        "de" => Ok(GERMAN),
        "en" => Ok(ENGLISH),
        _ => Err(Error::UnknownLanguage(language.to_string())),
    }
}
