//! What `hark doctor` looks at, and what to do about what it finds. Each check asks the
//! machine for facts; what they mean is a function of the facts.

mod certificate;
mod clock;
mod home;
mod members;
mod model;
mod port;
mod running;
mod settings;
mod state;
mod system;

use hark_core::time::Clock;

use crate::cli::Settings;
use crate::show::progress::Progress;
use crate::up::Config;

/// What was found out about one thing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// What was looked at: `port`, `clock`.
    pub check: &'static str,
    /// How it is.
    pub level: Level,
    /// What was found, in a line.
    pub what: String,
    /// What to do about it: a command or a setting; nothing where all is well.
    pub fix: Option<String>,
}

/// How something is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// As it should be.
    Ok,
    /// It works, and may not always.
    Warn,
    /// Hark won't start, or won't do its work.
    Fail,
}

impl Level {
    /// Its name in JSON.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Warn => "warn",
            Self::Fail => "fail",
        }
    }
}

impl Finding {
    fn ok(check: &'static str, what: impl Into<String>) -> Self {
        Self {
            check,
            level: Level::Ok,
            what: what.into(),
            fix: None,
        }
    }

    fn warn(check: &'static str, what: impl Into<String>, fix: impl Into<String>) -> Self {
        Self {
            check,
            level: Level::Warn,
            what: what.into(),
            fix: Some(fix.into()),
        }
    }

    fn fail(check: &'static str, what: impl Into<String>, fix: impl Into<String>) -> Self {
        Self {
            level: Level::Fail,
            ..Self::warn(check, what, fix)
        }
    }
}

/// Looks at everything that `hark up` with these settings would need.
pub async fn examine(given: &Settings, clock: &dyn Clock) -> Vec<Finding> {
    let progress = Progress::start("looking at the settings");
    let config = match Config::load(given) {
        Ok(config) => config,
        Err(error) => {
            // Without settings there is little else to look at.
            let mut findings = vec![settings::wrong(&error)];
            findings.extend(clock::examine(&Config::default(), clock).await);
            return findings;
        }
    };
    let mut findings = vec![settings::right(given)];
    progress.say("asking for a Hark that runs");
    let status = running::ask(&config).await;
    findings.extend(port::examine(&config, status.as_ref()).await);
    findings.extend(settings::callers(&config));
    findings.extend(running::examine(status.as_ref()));
    progress.say("looking at the clock");
    findings.extend(clock::examine(&config, clock).await);
    findings.extend(certificate::examine(&config, clock.wall()));
    progress.say("looking at the store");
    findings.extend(state::examine(&config, status.is_some()).await);
    progress.say("reading the model");
    findings.extend(model::examine(&config));
    findings.extend(home::examine(&config));
    findings
}
