//! Samples between processes: 16 kHz mono, 16-bit little-endian.

use bytes::Bytes;
use hark_core::audio::Pcm;

use crate::Error;
use crate::error::ErrorCode;

/// Samples as bytes: two each, rounded and clipped.
pub fn pcm16_to_pb(pcm: &Pcm) -> Bytes {
    pcm.to_i16().flat_map(i16::to_le_bytes).collect()
}

/// Samples from bytes.
///
/// # Errors
/// [`ErrorCode::InvalidAudio`], and names `field`, if the last sample is cut in half.
pub fn pcm16(field: &str, bytes: &[u8]) -> Result<Pcm, Error> {
    let (samples, rest) = bytes.as_chunks::<2>();
    if rest.is_empty() {
        return Ok(Pcm::from_i16(
            samples.iter().map(|s| i16::from_le_bytes(*s)),
        ));
    }
    let description = format!(
        "has {} bytes; 16-bit samples need an even number",
        bytes.len()
    );
    Err(Error::new(ErrorCode::InvalidAudio, "").with_violation(field, description))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn half_a_sample_is_an_error() {
        let error = pcm16("pcm16", &[1, 2, 3]).unwrap_err();
        assert_eq!(error.code(), ErrorCode::InvalidAudio);
        assert!(error.to_string().contains("3 bytes"), "{error}");
    }

    proptest! {
        #[test]
        fn samples_round_trip(samples in prop::collection::vec(any::<i16>(), 0..200)) {
            let pcm = Pcm::from_i16(samples);
            prop_assert_eq!(pcm16("pcm16", &pcm16_to_pb(&pcm)), Ok(pcm));
        }
    }
}
