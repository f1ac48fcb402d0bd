//! The home's description.

use super::Finding;
use crate::up::Config;

/// Reads the home.
pub(super) fn examine(config: &Config) -> Vec<Finding> {
    let check = "home";
    let from = match &config.home.file {
        Some(file) => file.display().to_string(),
        None => "built in".to_owned(),
    };
    vec![match config.home.description() {
        Ok(description) => {
            let home = description.home();
            let (areas, devices) = (home.areas.len(), home.devices.len());
            let what = format!("{areas} areas, {devices} devices ({from})");
            Finding::ok(check, what)
        }
        Err(error) => {
            let fix = "correct it there, or leave --home and home.file out for the built-in home";
            Finding::fail(check, error.to_string(), fix)
        }
    }]
}
