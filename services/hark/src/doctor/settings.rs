//! The settings themselves, and whom they let call.

use hark_core::HomeId;
use hark_runtime::auth::Authenticator;

use super::Finding;
use crate::cli::Settings;
use crate::up::Config;

const CHECK: &str = "settings";

/// They can be read.
pub(super) fn right(given: &Settings) -> Finding {
    let from = match &given.config {
        Some(file) => format!("read from {}", file.display()),
        None => "no file: defaults, variables and flags".to_owned(),
    };
    Finding::ok(CHECK, from)
}

/// They can't be used.
pub(super) fn wrong(error: &anyhow::Error) -> Finding {
    let fix = "correct what is named; `hark config schema` has every setting, and `hark \
               config check` looks again";
    Finding::fail(CHECK, format!("{error:#}"), fix)
}

/// Whether those who could reach it would have to say who they are.
pub(super) fn callers(config: &Config) -> Vec<Finding> {
    let check = "callers";
    let home = HomeId::parse("home").expect("it is an id");
    let auth = match Authenticator::new(&config.auth, home) {
        Ok(auth) => auth,
        Err(error) => {
            let fix = "write a token: openssl rand -hex 32 > FILE, and name it in auth.token_file";
            return vec![Finding::fail(check, error.to_string(), fix)];
        }
    };
    let (address, tls) = (config.server.listen, config.server.tls.as_ref());
    if tls.is_some() && !config.auth.insecure {
        // Tokens and revocations are in the store, which is not asked here.
        let what = format!("{address} is reached over TLS, with a token or a certificate");
        return vec![Finding::ok(check, what)];
    }
    let fix = "hark certs init, then hark certs issue node, and name the files in server.tls; or \
               listen on 127.0.0.1";
    vec![match auth.check_bind(address, tls) {
        Err(error) => Finding::fail(check, error.to_string(), fix),
        Ok(Some(warning)) => Finding::warn(check, warning, fix),
        Ok(None) => Finding::ok(check, "only this machine reaches it"),
    }]
}

#[cfg(test)]
mod tests {
    use super::super::Level;
    use super::*;

    #[test]
    fn an_open_door_is_found() {
        for (address, insecure, expect) in [
            ("127.0.0.1:1", false, Level::Ok),
            ("127.0.0.1:1", true, Level::Ok),
            ("0.0.0.0:1", false, Level::Fail),
            ("0.0.0.0:1", true, Level::Warn),
        ] {
            let mut config = Config::default();
            config.server.listen = address.parse().unwrap();
            config.auth.insecure = insecure;
            let found = callers(&config);
            assert_eq!(found[0].level, expect, "{found:?}");
            assert_eq!(found[0].fix.is_none(), expect == Level::Ok);
        }
    }

    #[test]
    fn a_token_that_is_none_is_found() {
        let mut config = Config::default();
        config.auth.token_file = Some("/there/is/none".into());
        let found = callers(&config);
        assert_eq!(found[0].level, Level::Fail);
        assert!(found[0].what.contains("/there/is/none"));
    }
}
