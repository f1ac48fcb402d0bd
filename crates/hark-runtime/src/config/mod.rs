//! Settings: defaults < TOML file < `HARK__SECTION__KEY` < flags, read once into types.
//!
//! An unknown key or an unfit value is an error that names where it was given, also for
//! one of many variables. Secrets are never settings themselves: settings name files that
//! hold them ([`Secret`]).

mod layers;
mod merge;
mod secret;

use schemars::JsonSchema;
use serde::Serialize;

pub use layers::{Layers, Origin};
pub use merge::load;
pub use secret::Secret;

use crate::Error;

/// What begins the name of a variable that holds a setting; `__` parts the sections.
pub const PREFIX: &str = "HARK__";

/// The settings as a TOML file that would give them.
///
/// # Errors
/// [`Error::Print`] if the type can't be written as TOML, for every value of it.
pub fn print<T: Serialize>(config: &T) -> Result<String, Error> {
    toml::to_string_pretty(config).map_err(|e| Error::Print(e.to_string()))
}

/// The JSON schema of the settings.
pub fn schema<T: JsonSchema>() -> String {
    let schema = schemars::schema_for!(T);
    format!("{:#}", schema.as_value())
}

#[cfg(test)]
mod tests;
