//! OpenTelemetry's own variables, as its specification has them: an empty one counts as
//! not set. A value that makes no sense is an error that names the variable; the SDK
//! would fall back in silence.

use std::collections::BTreeMap;
use std::ops::RangeInclusive;
use std::time::Duration;

use crate::Error;

/// What kind of telemetry a variable is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Signal {
    Traces,
    Metrics,
}

impl Signal {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Traces => "TRACES",
            Self::Metrics => "METRICS",
        }
    }
}

/// The variables that begin with `OTEL_`.
#[derive(Debug, Clone, Default)]
pub(super) struct Variables(BTreeMap<String, String>);

/// A variable that is set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Variable {
    pub(super) name: String,
    pub(super) value: String,
}

impl Variables {
    /// Those of this process.
    pub(super) fn of_process() -> Self {
        let lossy = |s: std::ffi::OsString| s.to_string_lossy().into_owned();
        Self::of(std::env::vars_os().map(|(k, v)| (lossy(k), lossy(v))))
    }

    /// These.
    pub(super) fn of<K, V>(variables: impl IntoIterator<Item = (K, V)>) -> Self
    where
        K: Into<String>,
        V: Into<String>,
    {
        let all = variables.into_iter().map(|(k, v)| (k.into(), v.into()));
        Self(all.filter(|(k, _)| k.starts_with("OTEL_")).collect())
    }

    /// A variable, if it is set.
    pub(super) fn get(&self, name: &str) -> Option<Variable> {
        let value = self.0.get(name)?.trim();
        (!value.is_empty()).then(|| Variable {
            name: name.to_owned(),
            value: value.to_owned(),
        })
    }

    /// `OTEL_EXPORTER_OTLP_<signal>_<what>`, else `OTEL_EXPORTER_OTLP_<what>`.
    pub(super) fn otlp(&self, signal: Signal, what: &str) -> Option<Variable> {
        let special = format!("OTEL_EXPORTER_OTLP_{}_{what}", signal.as_str());
        let general = || self.get(&format!("OTEL_EXPORTER_OTLP_{what}"));
        self.get(&special).or_else(general)
    }

    /// Whether a variable says so.
    pub(super) fn is_true(&self, name: &str) -> Result<bool, Error> {
        self.get(name).map_or(Ok(false), |v| v.truth())
    }

    /// A number of a variable, else `default`.
    pub(super) fn number(
        &self,
        name: &str,
        range: RangeInclusive<u64>,
        default: u64,
    ) -> Result<u64, Error> {
        self.get(name).map_or(Ok(default), |v| v.number(range))
    }
}

impl Variable {
    /// That it makes no sense; `should` says what would.
    pub(super) fn wrong(&self, should: &str) -> Error {
        let Self { name, value } = self;
        Error::Telemetry(format!(
            "variable {name} is `{value}`: it should be {should}"
        ))
    }

    pub(super) fn truth(&self) -> Result<bool, Error> {
        match &*self.value.to_ascii_lowercase() {
            "true" => Ok(true),
            "false" => Ok(false),
            _ => Err(self.wrong("true or false")),
        }
    }

    pub(super) fn number(&self, range: RangeInclusive<u64>) -> Result<u64, Error> {
        let number = self.value.parse().ok().filter(|n| range.contains(n));
        number.ok_or_else(|| {
            let (low, high) = (range.start(), range.end());
            self.wrong(&format!("a whole number from {low} to {high}"))
        })
    }

    /// Milliseconds, at least one and at most ten minutes.
    pub(super) fn milliseconds(&self) -> Result<Duration, Error> {
        Ok(Duration::from_millis(self.number(1..=600_000)?))
    }

    /// One of `known`, by its place there.
    pub(super) fn one_of(&self, known: &[&str]) -> Result<usize, Error> {
        let found = known
            .iter()
            .position(|k| k.eq_ignore_ascii_case(&self.value));
        found.ok_or_else(|| self.wrong(&format!("one of {}", known.join(", "))))
    }

    /// `key=value,key=value`, values percent-encoded. The error shows no value: some are
    /// secrets.
    pub(super) fn pairs(&self) -> Result<Vec<(String, String)>, Error> {
        let parts = self.value.split(',').map(str::trim);
        let parts = parts.filter(|part| !part.is_empty());
        let pair = |part: &str| {
            let (key, value) = part.split_once('=')?;
            let (key, value) = (key.trim(), percent_decoded(value.trim())?);
            (!key.is_empty()).then(|| (key.to_owned(), value))
        };
        parts.map(pair).collect::<Option<_>>().ok_or_else(|| {
            let name = &self.name;
            Error::Telemetry(format!(
                "variable {name} should be a list like `key=value,key=value`, with commas, \
                 spaces and percent signs in values written as %2C, %20 and %25"
            ))
        })
    }
}

/// RFC 3986; none where it is malformed or no UTF-8.
fn percent_decoded(text: &str) -> Option<String> {
    let mut bytes = text.bytes();
    let mut decoded = Vec::with_capacity(text.len());
    while let Some(byte) = bytes.next() {
        if byte != b'%' {
            decoded.push(byte);
            continue;
        }
        let digit = |b: u8| char::from(b).to_digit(16);
        let (high, low) = (digit(bytes.next()?)?, digit(bytes.next()?)?);
        decoded.push(u8::try_from(high * 16 + low).ok()?);
    }
    String::from_utf8(decoded).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_special_variable_goes_before_the_general_one_and_empty_is_unset() {
        let variables = Variables::of([
            ("OTEL_EXPORTER_OTLP_TIMEOUT", "5"),
            ("OTEL_EXPORTER_OTLP_TRACES_TIMEOUT", "7"),
            ("OTEL_EXPORTER_OTLP_METRICS_TIMEOUT", " "),
            ("PATH", "/bin"),
        ]);
        let value = |signal| variables.otlp(signal, "TIMEOUT").unwrap().value;
        assert_eq!(value(Signal::Traces), "7");
        assert_eq!(value(Signal::Metrics), "5");
        assert_eq!(variables.get("PATH"), None);
    }

    #[test]
    fn lists_are_decoded_and_a_malformed_one_shows_no_secret() {
        let variable = |value: &str| Variable {
            name: "OTEL_EXPORTER_OTLP_HEADERS".to_owned(),
            value: value.to_owned(),
        };
        let pairs = variable("a=b, authorization=Bearer%20x=,").pairs().unwrap();
        let expect = [("a", "b"), ("authorization", "Bearer x=")];
        let expect = expect.map(|(k, v)| (k.to_owned(), v.to_owned()));
        assert_eq!(pairs, expect);
        for bad in ["secret", "=secret", "a=%secret", "a=%FF", "a=%2"] {
            let error = variable(bad).pairs().unwrap_err().to_string();
            assert!(error.contains("OTEL_EXPORTER_OTLP_HEADERS"), "{error}");
            assert!(!error.contains("secret"), "{error}");
        }
    }
}
