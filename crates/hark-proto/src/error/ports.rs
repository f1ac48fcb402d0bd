//! What the errors of hark-core's ports are to a caller. Together with the table in
//! the module above, this is all there is of error mapping.

use std::time::Duration;

use hark_core::{engine, home, seats, store};

use super::{Error, ErrorCode};

/// After a full disk or quota, trying again sooner than this makes no sense.
const NO_SPACE_RETRY: Duration = Duration::from_secs(30);
/// How long somebody who found no seat should wait.
const NO_SEAT_RETRY: Duration = Duration::from_secs(1);

impl From<seats::Full> for Error {
    fn from(full: seats::Full) -> Self {
        Self::overloaded(full.to_string(), NO_SEAT_RETRY)
    }
}

impl From<engine::Error> for Error {
    fn from(error: engine::Error) -> Self {
        let code = match error {
            engine::Error::Cancelled => ErrorCode::Cancelled,
            engine::Error::NoAudio
            | engine::Error::TooLong { .. }
            | engine::Error::NotFinite { .. } => ErrorCode::InvalidAudio,
            engine::Error::UnknownLanguage { .. } => ErrorCode::UnknownLanguage,
            engine::Error::Broken(_) => ErrorCode::Unavailable,
        };
        Self::new(code, error.to_string())
    }
}

impl From<home::DeviceError> for Error {
    fn from(error: home::DeviceError) -> Self {
        let code = match error {
            home::DeviceError::NotFound(_) => ErrorCode::NotFound,
            home::DeviceError::Unsupported { .. } => ErrorCode::Unsupported,
            home::DeviceError::Unavailable { .. } => ErrorCode::Unavailable,
            home::DeviceError::Indeterminate { .. } => ErrorCode::Indeterminate,
        };
        Self::new(code, error.to_string())
    }
}

impl From<store::Error> for Error {
    fn from(error: store::Error) -> Self {
        let code = match error {
            store::Error::Unavailable(_) => ErrorCode::Unavailable,
            store::Error::Indeterminate(_) => ErrorCode::Indeterminate,
            store::Error::NoSpace(_) => ErrorCode::NoSpace,
            store::Error::Compacted { .. }
            | store::Error::Future { .. }
            | store::Error::LeaseNotFound(_)
            | store::Error::TooLarge(_)
            | store::Error::Denied(_)
            | store::Error::Invalid(_)
            | store::Error::Corrupt(_) => ErrorCode::Internal,
        };
        let full = code == ErrorCode::NoSpace;
        let error = Self::new(code, error.to_string());
        if full {
            return error.with_retry_after(NO_SPACE_RETRY);
        }
        error
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(error: impl Into<Error>, code: ErrorCode, says: &str) {
        let error = error.into();
        assert_eq!(error.code(), code, "{error}");
        assert!(error.to_string().contains(says), "{error}");
    }

    #[test]
    fn each_port_error_has_its_code() {
        check(
            engine::Error::TooLong { seconds: 31.0 },
            ErrorCode::InvalidAudio,
            "31.0 s",
        );
        check(
            engine::Error::Broken("oom".into()),
            ErrorCode::Unavailable,
            "oom",
        );
        check(
            store::Error::Indeterminate("time-out".into()),
            ErrorCode::Indeterminate,
            "not known",
        );
        check(
            store::Error::Corrupt("page 7".into()),
            ErrorCode::Internal,
            "page 7",
        );
        let full = Error::from(store::Error::NoSpace("disk".into()));
        assert_eq!(full.retry_after(), Some(NO_SPACE_RETRY));
    }
}
