//! Durations and moments. The well-known types are not ours, hence functions.

use std::time::Duration;

use hark_core::time::Timestamp;

use crate::Error;

/// A duration as a message. What is over its range (about 10,000 years) is cut to it.
pub fn duration_to_pb(duration: Duration) -> prost_types::Duration {
    prost_types::Duration {
        seconds: i64::try_from(duration.as_secs())
            .unwrap_or(MAX_SECONDS)
            .min(MAX_SECONDS),
        nanos: i32::try_from(duration.subsec_nanos()).expect("under a billion"),
    }
}

/// A duration from a message.
///
/// # Errors
/// Names `field` if it is negative or its nanoseconds are out of range.
pub fn duration(field: &str, message: prost_types::Duration) -> Result<Duration, Error> {
    let seconds = u64::try_from(message.seconds).ok();
    let nanos = u32::try_from(message.nanos)
        .ok()
        .filter(|n| *n < 1_000_000_000);
    match (seconds, nanos) {
        (Some(seconds), Some(nanos)) => Ok(Duration::new(seconds, nanos)),
        _ => Err(Error::invalid_field(
            field,
            "is not a duration of zero or more",
        )),
    }
}

/// A duration that may be absent.
///
/// # Errors
/// As [`duration`].
pub fn optional_duration(
    field: &str,
    message: Option<prost_types::Duration>,
) -> Result<Option<Duration>, Error> {
    message.map(|d| duration(field, d)).transpose()
}

/// A duration that must be there.
///
/// # Errors
/// As [`duration`], or that it is missing.
pub fn required_duration(
    field: &str,
    message: Option<prost_types::Duration>,
) -> Result<Duration, Error> {
    duration(field, message.ok_or_else(|| Error::missing(field))?)
}

/// A moment as a message.
pub fn timestamp_to_pb(timestamp: Timestamp) -> prost_types::Timestamp {
    let nanos = timestamp.unix_ms.rem_euclid(1_000) * 1_000_000;
    prost_types::Timestamp {
        seconds: timestamp.unix_ms.div_euclid(1_000),
        nanos: i32::try_from(nanos).expect("under a billion"),
    }
}

/// A moment from a message, to the millisecond (rounded down).
///
/// # Errors
/// Names `field` if it is out of range.
pub fn timestamp(field: &str, message: prost_types::Timestamp) -> Result<Timestamp, Error> {
    let nanos = (0..1_000_000_000).contains(&message.nanos);
    let ms = message.seconds.checked_mul(1_000).filter(|_| nanos);
    ms.and_then(|ms| ms.checked_add(i64::from(message.nanos / 1_000_000)))
        .map(Timestamp::from_unix_ms)
        .ok_or_else(|| Error::invalid_field(field, "is not a moment"))
}

/// A moment that must be there.
///
/// # Errors
/// As [`timestamp`], or that it is missing.
pub fn required_timestamp(
    field: &str,
    message: Option<prost_types::Timestamp>,
) -> Result<Timestamp, Error> {
    timestamp(field, message.ok_or_else(|| Error::missing(field))?)
}

/// The longest `google.protobuf.Duration`, in seconds.
const MAX_SECONDS: i64 = 315_576_000_000;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_is_no_duration_is_named() {
        for (seconds, nanos) in [(-1, 0), (0, -1), (0, 1_000_000_000)] {
            let error = duration("end_silence", prost_types::Duration { seconds, nanos });
            let error = error.unwrap_err();
            assert_eq!(error.violations()[0].field, "end_silence");
        }
        assert!(required_duration("x", None).is_err());
        assert_eq!(optional_duration("x", None), Ok(None));
    }

    #[test]
    fn the_longest_duration_is_cut_and_not_wrapped() {
        assert_eq!(duration_to_pb(Duration::MAX).seconds, MAX_SECONDS);
    }

    #[test]
    fn a_moment_out_of_range_is_an_error() {
        let seconds = i64::MAX;
        let bad = prost_types::Timestamp { seconds, nanos: 0 };
        assert!(timestamp("expires_at", bad).is_err());
    }

    proptest! {
        #[test]
        fn durations_round_trip(seconds in 0..315_576_000_000_u64, nanos in 0..1_000_000_000_u32) {
            let d = Duration::new(seconds, nanos);
            prop_assert_eq!(duration("d", duration_to_pb(d)), Ok(d));
        }

        #[test]
        fn moments_round_trip(unix_ms in any::<i64>()) {
            let t = Timestamp::from_unix_ms(unix_ms);
            let far = unix_ms.div_euclid(1_000).checked_mul(1_000).is_none();
            prop_assume!(!far);
            prop_assert_eq!(timestamp("t", timestamp_to_pb(t)), Ok(t));
        }
    }
}
