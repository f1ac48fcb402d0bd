//! Who may come in, for people and programs.

use std::path::Path;

use hark_client::Credential;
use hark_core::principal::Kind;
use hark_core::time::Timestamp;
use serde::Serialize;

use super::style;

/// A token as JSON; not the token.
#[derive(Debug, Serialize)]
pub struct CredentialJson {
    id: String,
    kind: &'static str,
    name: String,
    area: Option<String>,
    created_at: String,
    expires_at: Option<String>,
    revoked_at: Option<String>,
}

/// A token that was just made, as JSON.
#[derive(Debug, Serialize)]
pub struct AddedJson {
    #[serde(flatten)]
    credential: CredentialJson,
    #[serde(skip_serializing_if = "Option::is_none")]
    token: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    file: Option<String>,
}

impl AddedJson {
    /// With the token, or the file that it is in.
    pub fn new(credential: &Credential, token: Option<String>, file: Option<&Path>) -> Self {
        Self {
            credential: credential.into(),
            token,
            file: file.map(|f| f.display().to_string()),
        }
    }
}

impl From<&Credential> for CredentialJson {
    fn from(credential: &Credential) -> Self {
        Self {
            id: credential.id.to_string(),
            kind: credential.kind.as_str(),
            name: credential.name.to_string(),
            area: credential.area.as_ref().map(ToString::to_string),
            created_at: rfc3339(credential.created_at),
            expires_at: credential.expires_at.map(rfc3339),
            revoked_at: credential.revoked_at.map(rfc3339),
        }
    }
}

/// One token on one line.
pub fn line(credential: &Credential, now: jiff::Timestamp) -> String {
    let (strong, dim) = (style::STRONG, style::DIM);
    let area = match &credential.area {
        Some(area) => format!("in {area}"),
        None => String::new(),
    };
    let (style, state) = state(credential, now);
    format!(
        "{strong}{:<16}{strong:#} {area:<14} {style}{state:<22}{style:#} {dim}{} since {}{dim:#}",
        credential.name.as_str(),
        credential.id,
        day(credential.created_at),
    )
}

fn state(credential: &Credential, now: jiff::Timestamp) -> (anstyle::Style, String) {
    let is_over = |end: Timestamp| end.unix_ms <= now.as_millisecond();
    match (credential.revoked_at, credential.expires_at) {
        (Some(at), _) => (style::WARNING, format!("revoked {}", day(at))),
        (None, Some(end)) if is_over(end) => (style::WARNING, format!("expired {}", day(end))),
        (None, Some(end)) => (style::GOOD, format!("until {}", day(end))),
        (None, None) => (style::GOOD, "until revoked".to_owned()),
    }
}

/// What to do with a token that was just made.
pub fn advice(credential: &Credential, file: Option<&Path>) -> String {
    let (who, name) = match credential.kind {
        Kind::Speaker => ("speakers", &credential.name),
        _ => ("people", &credential.name),
    };
    let shown = match file {
        Some(file) => format!("The token of {name} is in {}.", file.display()),
        None => format!("This is the token of {name}. It is not shown again."),
    };
    format!(
        "{shown} It is sent as `authorization: Bearer TOKEN`;\n\
         commands take it with --token-file. To take it back: hark {who} revoke {name}"
    )
}

/// A moment, to the second.
pub fn rfc3339(at: Timestamp) -> String {
    let at = jiff::Timestamp::from_millisecond(at.unix_ms);
    at.map_or_else(
        |_| String::new(),
        |at| at.strftime("%Y-%m-%dT%H:%M:%SZ").to_string(),
    )
}

/// A day.
pub fn day(at: Timestamp) -> String {
    rfc3339(at).chars().take(10).collect()
}

#[cfg(test)]
mod tests {
    use hark_core::{AreaId, CredentialId, PrincipalId};

    use super::*;

    #[test]
    fn a_token_is_listed_with_what_became_of_it() {
        let at = |days: i64| Timestamp::from_unix_ms(days * 86_400_000);
        let now = jiff::Timestamp::from_millisecond(20 * 86_400_000).unwrap();
        let credential = |expires_at, revoked_at| Credential {
            id: CredentialId::parse("c0ffee").unwrap(),
            kind: Kind::Speaker,
            name: PrincipalId::parse("kitchen").unwrap(),
            area: Some(AreaId::parse("kueche").unwrap()),
            created_at: at(1),
            expires_at,
            revoked_at,
        };
        for (credential, expect) in [
            (credential(None, None), "until revoked"),
            (credential(Some(at(30)), None), "until 1970-01-31"),
            (credential(Some(at(10)), None), "expired 1970-01-11"),
            (credential(Some(at(10)), Some(at(5))), "revoked 1970-01-06"),
        ] {
            let line = anstream::adapter::strip_str(&line(&credential, now)).to_string();
            assert!(line.contains(expect), "{line}");
            assert!(
                line.starts_with("kitchen") && line.contains("in kueche"),
                "{line}"
            );
            assert!(line.ends_with("c0ffee since 1970-01-02"), "{line}");
        }
    }
}
