//! What goes wrong in a call: one table from Hark's error codes to gRPC status codes,
//! with typed details (`google.rpc.ErrorInfo`, `BadRequest`, `RetryInfo`), and the way
//! back on the caller's side.
//!
//! Guarantee: an [`Error`] of Hark's that crosses the wire as a [`Status`] comes back
//! as the same code, message, fields and retry delay.

use std::time::Duration;

use tonic::{Code, Status};
use tonic_types::{ErrorDetails, StatusExt};

mod ports;

/// The `domain` of every `google.rpc.ErrorInfo` that Hark sends.
pub const DOMAIN: &str = "hark";

/// What went wrong. The table in [`ErrorCode::status`] and [`ErrorCode::reason`] is the
/// contract; a reason is never given another meaning.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ErrorCode {
    /// A field of the request is missing, malformed or out of range.
    InvalidField,
    /// The audio can't be read: not audio, truncated, empty, too long, not a number.
    InvalidAudio,
    /// The languages asked for are none that can be heard or answered in.
    UnknownLanguage,
    /// A message's sequence or sample offset does not follow the one before.
    OutOfSequence,
    /// There is no such thing.
    NotFound,
    /// The utterance is older than the ledger keeps.
    TooOld,
    /// The same session and ordinal were used for another sentence.
    SentenceMismatch,
    /// The device can't do that.
    Unsupported,
    /// Who calls did not prove who they are.
    Unauthenticated,
    /// Who calls may not do that.
    PermissionDenied,
    /// A queue is full, or more is wanted at once than is allowed.
    Overloaded,
    /// The time for the call ran out.
    DeadlineExceeded,
    /// Nobody wants the answer any more.
    Cancelled,
    /// A newer stream took this one's place.
    Superseded,
    /// What the call needs can't be reached; nothing happened.
    Unavailable,
    /// It may have happened or not; never repeat it blindly.
    Indeterminate,
    /// There is no room left for state; nothing happened.
    NoSpace,
    /// There is no such method, or nothing behind it yet.
    Unimplemented,
    /// A fault in Hark.
    Internal,
}

impl ErrorCode {
    /// Every code.
    pub const ALL: [Self; 19] = [
        Self::InvalidField,
        Self::InvalidAudio,
        Self::UnknownLanguage,
        Self::OutOfSequence,
        Self::NotFound,
        Self::TooOld,
        Self::SentenceMismatch,
        Self::Unsupported,
        Self::Unauthenticated,
        Self::PermissionDenied,
        Self::Overloaded,
        Self::DeadlineExceeded,
        Self::Cancelled,
        Self::Superseded,
        Self::Unavailable,
        Self::Indeterminate,
        Self::NoSpace,
        Self::Unimplemented,
        Self::Internal,
    ];

    /// The table: Hark's code, its `ErrorInfo.reason`, its gRPC status code.
    const fn row(self) -> (&'static str, Code) {
        match self {
            Self::InvalidField => ("INVALID_FIELD", Code::InvalidArgument),
            Self::InvalidAudio => ("INVALID_AUDIO", Code::InvalidArgument),
            Self::UnknownLanguage => ("UNKNOWN_LANGUAGE", Code::InvalidArgument),
            Self::OutOfSequence => ("OUT_OF_SEQUENCE", Code::InvalidArgument),
            Self::NotFound => ("NOT_FOUND", Code::NotFound),
            Self::TooOld => ("TOO_OLD", Code::FailedPrecondition),
            Self::SentenceMismatch => ("SENTENCE_MISMATCH", Code::FailedPrecondition),
            Self::Unsupported => ("UNSUPPORTED", Code::FailedPrecondition),
            Self::Unauthenticated => ("UNAUTHENTICATED", Code::Unauthenticated),
            Self::PermissionDenied => ("PERMISSION_DENIED", Code::PermissionDenied),
            Self::Overloaded => ("OVERLOADED", Code::ResourceExhausted),
            Self::DeadlineExceeded => ("DEADLINE_EXCEEDED", Code::DeadlineExceeded),
            Self::Cancelled => ("CANCELLED", Code::Cancelled),
            Self::Superseded => ("SUPERSEDED", Code::Aborted),
            Self::Unavailable => ("UNAVAILABLE", Code::Unavailable),
            Self::Indeterminate => ("INDETERMINATE", Code::Unknown),
            Self::NoSpace => ("NO_SPACE", Code::ResourceExhausted),
            Self::Unimplemented => ("UNIMPLEMENTED", Code::Unimplemented),
            Self::Internal => ("INTERNAL", Code::Internal),
        }
    }

    /// The gRPC status code that it travels as.
    pub const fn status(self) -> Code {
        self.row().1
    }

    /// The `reason` of its `ErrorInfo`; also its name in metrics.
    pub const fn reason(self) -> &'static str {
        self.row().0
    }

    /// The code with that reason.
    pub fn from_reason(reason: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|c| c.reason() == reason)
    }

    /// The code that says most about a bare status, as other software sends it.
    pub const fn from_status_code(code: Code) -> Self {
        match code {
            Code::InvalidArgument | Code::OutOfRange => Self::InvalidField,
            Code::NotFound => Self::NotFound,
            Code::FailedPrecondition | Code::AlreadyExists => Self::Unsupported,
            Code::Unauthenticated => Self::Unauthenticated,
            Code::PermissionDenied => Self::PermissionDenied,
            Code::ResourceExhausted => Self::Overloaded,
            Code::DeadlineExceeded => Self::DeadlineExceeded,
            Code::Cancelled => Self::Cancelled,
            Code::Aborted => Self::Superseded,
            Code::Unavailable => Self::Unavailable,
            Code::Unimplemented => Self::Unimplemented,
            Code::Unknown => Self::Indeterminate,
            Code::Ok | Code::Internal | Code::DataLoss => Self::Internal,
        }
    }
}

/// A field of a request and what is wrong with it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Violation {
    /// The field's path in the request, like `config.format.sample_rate_hz`.
    pub field: String,
    /// What is wrong, and what would be right.
    pub description: String,
}

/// Why a call failed. Boxed inside, hence cheap to move.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}", .0.message)]
pub struct Error(Box<Inner>);

#[derive(Debug, Clone, PartialEq, Eq)]
struct Inner {
    code: ErrorCode,
    message: String,
    violations: Vec<Violation>,
    retry_after: Option<Duration>,
}

impl Error {
    /// An error with a message that says what was wrong, where, and what to do.
    pub fn new(code: ErrorCode, message: impl Into<String>) -> Self {
        Self(Box::new(Inner {
            code,
            message: message.into(),
            violations: Vec::new(),
            retry_after: None,
        }))
    }

    /// [`ErrorCode::InvalidField`] for one field.
    pub fn invalid_field(field: impl Into<String>, description: impl Into<String>) -> Self {
        Self::new(ErrorCode::InvalidField, "").with_violation(field, description)
    }

    /// [`ErrorCode::InvalidField`] for a field that must be there.
    pub fn missing(field: impl Into<String>) -> Self {
        Self::invalid_field(field, "is missing")
    }

    /// [`ErrorCode::NotFound`]: `what` as in "device", and what was looked for.
    pub fn not_found(what: &str, name: &str) -> Self {
        Self::new(
            ErrorCode::NotFound,
            format!("there is no {what} `{name}` in this home"),
        )
    }

    /// [`ErrorCode::Overloaded`]; the caller may try elsewhere, or here after a while.
    pub fn overloaded(message: impl Into<String>, retry_after: Duration) -> Self {
        Self::new(ErrorCode::Overloaded, message).with_retry_after(retry_after)
    }

    /// [`ErrorCode::Unavailable`].
    pub fn unavailable(message: impl Into<String>) -> Self {
        Self::new(ErrorCode::Unavailable, message)
    }

    /// [`ErrorCode::DeadlineExceeded`].
    pub fn deadline_exceeded(message: impl Into<String>) -> Self {
        Self::new(ErrorCode::DeadlineExceeded, message)
    }

    /// [`ErrorCode::PermissionDenied`].
    pub fn permission_denied(message: impl Into<String>) -> Self {
        Self::new(ErrorCode::PermissionDenied, message)
    }

    /// [`ErrorCode::Unimplemented`].
    pub fn unimplemented(message: impl Into<String>) -> Self {
        Self::new(ErrorCode::Unimplemented, message)
    }

    /// [`ErrorCode::Internal`].
    pub fn internal(message: impl Into<String>) -> Self {
        Self::new(ErrorCode::Internal, message)
    }

    /// This error, and that field is to blame. The message names it.
    #[must_use]
    pub fn with_violation(
        mut self,
        field: impl Into<String>,
        description: impl Into<String>,
    ) -> Self {
        self.0.violations.push(Violation {
            field: field.into(),
            description: description.into(),
        });
        self.name_fields();
        self
    }

    /// This error, and when trying again makes sense.
    #[must_use]
    pub fn with_retry_after(mut self, delay: Duration) -> Self {
        self.0.retry_after = Some(delay);
        self
    }

    /// This error as seen from outside: its fields are inside the field `outer`.
    #[must_use]
    pub fn within(mut self, outer: &str) -> Self {
        if self.0.violations.is_empty() {
            return self;
        }
        for violation in &mut self.0.violations {
            violation.field = format!("{outer}.{}", violation.field);
        }
        self.name_fields();
        self
    }

    /// What went wrong.
    pub fn code(&self) -> ErrorCode {
        self.0.code
    }

    /// The fields that are to blame.
    pub fn violations(&self) -> &[Violation] {
        &self.0.violations
    }

    /// When trying again makes sense, where that is known.
    pub fn retry_after(&self) -> Option<Duration> {
        self.0.retry_after
    }

    fn name_fields(&mut self) {
        let parts: Vec<_> = self
            .0
            .violations
            .iter()
            .map(|v| format!("{}: {}", v.field, v.description))
            .collect();
        self.0.message = parts.join("; ");
    }

    fn details(&self) -> ErrorDetails {
        let mut details = ErrorDetails::new();
        details.set_error_info(self.0.code.reason(), DOMAIN, []);
        for violation in &self.0.violations {
            details.add_bad_request_violation(&violation.field, &violation.description);
        }
        if let Some(delay) = self.0.retry_after {
            details.set_retry_info(Some(delay));
        }
        details
    }
}

impl From<Error> for Status {
    fn from(error: Error) -> Self {
        Self::with_error_details(error.code().status(), error.to_string(), error.details())
    }
}

impl From<Status> for Error {
    /// Reads what another process of Hark's sent; the status of any other software
    /// becomes the code that says most about it.
    fn from(status: Status) -> Self {
        let details = status.get_error_details();
        let code = details
            .error_info()
            .filter(|info| info.domain == DOMAIN)
            .and_then(|info| ErrorCode::from_reason(&info.reason))
            .filter(|code| code.status() == status.code())
            .unwrap_or_else(|| ErrorCode::from_status_code(status.code()));
        let fields = details.bad_request().map(|b| &*b.field_violations);
        let violation = |v: &tonic_types::FieldViolation| Violation {
            field: v.field.clone(),
            description: v.description.clone(),
        };
        Self(Box::new(Inner {
            code,
            message: status.message().to_owned(),
            violations: fields.unwrap_or_default().iter().map(violation).collect(),
            retry_after: details.retry_info().and_then(|r| r.retry_delay),
        }))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn reasons_are_unique_and_found_again() {
        for code in ErrorCode::ALL {
            assert_eq!(ErrorCode::from_reason(code.reason()), Some(code));
            assert_ne!(code.status(), Code::Ok);
        }
    }

    #[test]
    fn a_nested_field_is_named_in_full() {
        let error = Error::invalid_field("sample_rate_hz", "7 is not within 8000 to 48000")
            .within("format")
            .within("config");
        let field = "config.format.sample_rate_hz";
        assert_eq!(error.violations()[0].field, field);
        assert_eq!(
            error.to_string(),
            format!("{field}: 7 is not within 8000 to 48000")
        );
        let status = Status::from(error);
        assert_eq!(status.code(), Code::InvalidArgument);
        assert_eq!(
            status.get_error_details().error_info().map(|i| &*i.reason),
            Some("INVALID_FIELD")
        );
    }

    #[test]
    fn an_outer_field_is_not_blamed_for_what_is_no_field_at_all() {
        let error = Error::not_found("device", "light.cellar");
        assert_eq!(error.clone().within("device_id"), error);
    }

    #[test]
    fn a_bare_status_is_understood() {
        let error = Error::from(Status::unavailable("no route"));
        assert_eq!(error.code(), ErrorCode::Unavailable);
        assert_eq!(error.to_string(), "no route");
        for code in (1..=16).map(Code::from_i32) {
            let error = Error::from(Status::new(code, "x"));
            assert!(error.violations().is_empty());
        }
    }

    #[test]
    fn somebody_elses_reason_is_not_taken_for_ours() {
        let mut details = ErrorDetails::new();
        details.set_error_info("TOO_OLD", "example.org", []);
        let status = Status::with_error_details(Code::NotFound, "gone", details);
        assert_eq!(Error::from(status).code(), ErrorCode::NotFound);
    }

    proptest! {
        #[test]
        fn errors_survive_the_wire(
            index in 0..ErrorCode::ALL.len(),
            message in "[ -~äöüß]{0,60}",
            fields in prop::collection::vec(("[a-z_.]{1,20}", "[ -~]{1,30}"), 0..3),
            retry_ms in prop::option::of(0_u64..100_000),
        ) {
            let mut error = Error::new(ErrorCode::ALL[index], message);
            for (field, description) in fields {
                error = error.with_violation(field, description);
            }
            if let Some(ms) = retry_ms {
                error = error.with_retry_after(Duration::from_millis(ms));
            }
            let status = Status::from(error.clone());
            prop_assert_eq!(Error::from(status), error);
        }
    }
}
