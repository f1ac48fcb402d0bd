//! Whole clips: files and bare samples, to 16 kHz mono.

use std::io::Cursor;

use hark_core::audio::{MAX_UTTERANCE, Pcm};
use symphonia::core::codecs::audio::{AudioDecoder, AudioDecoderOptions};
use symphonia::core::errors::Error as DecoderError;
use symphonia::core::formats::probe::Hint;
use symphonia::core::formats::{FormatOptions, FormatReader, TrackType};
use symphonia::core::io::{MediaSourceStream, MediaSourceStreamOptions};
use symphonia::core::meta::MetadataOptions;

use crate::format::{check_finite, mix};
use crate::resample::Resampler;
use crate::{Container, Error, Format, flac, opus, riff};

/// The most bytes of a clip that are looked at: 30 s of 8 channels of 32 bits at 48 kHz,
/// and some for headers.
pub const MAX_CLIP_BYTES: usize = 48 << 20;

/// A decoded clip.
#[derive(Debug, Clone, PartialEq)]
pub struct Clip {
    /// The audio.
    pub pcm: Pcm,
    /// The rate that it was recorded at.
    pub source_rate_hz: u32,
    /// Samples of one channel that it had at that rate.
    pub source_samples: u64,
}

/// Decodes a file, by its first bytes:
///
/// - WAV: 8, 16, 24 or 32-bit integers, 32 or 64-bit floats, 1 to 8 channels, 8 to
///   192 kHz. A length that the writer did not know (a pipe) means the rest of the file.
/// - FLAC: 4 to 32 bits, 1 to 8 channels, 8 to 192 kHz; a digest that the file has is
///   held against its samples.
/// - Opus in Ogg: one stream, mono or stereo.
///
/// # Errors
/// [`Error::NotAudio`], [`Error::Unsupported`], [`Error::Malformed`],
/// [`Error::Truncated`], [`Error::CutOff`], [`Error::Empty`], [`Error::TooLong`] (over
/// 30 s), [`Error::TooLarge`] (over [`MAX_CLIP_BYTES`]), [`Error::SampleRate`],
/// [`Error::Channels`] or [`Error::NotFinite`].
pub fn decode_clip(bytes: &[u8]) -> Result<Clip, Error> {
    check_size(bytes)?;
    let (mono, rate_hz) = match (bytes.get(..4), bytes.get(8..12)) {
        (Some(b"RIFF"), Some(b"WAVE")) => {
            let header = riff::scan(bytes)?;
            check_length(header.frames(), header.rate_hz)?;
            (wav(bytes, &header)?, header.rate_hz)
        }
        (Some(b"fLaC"), _) => flac::decode(bytes)?,
        (Some(b"OggS"), _) => (opus::decode(bytes)?, opus::RATE_HZ),
        _ if bytes.is_empty() => return Err(Error::Empty),
        _ => {
            let head = String::from_utf8_lossy(&bytes[..bytes.len().min(8)]);
            let begins_with = head.into_owned();
            return Err(Error::NotAudio { begins_with });
        }
    };
    finish(&mono, rate_hz)
}

/// Decodes a clip of bare samples.
///
/// # Errors
/// [`Error::PartialSample`], [`Error::Empty`], [`Error::TooLong`], [`Error::TooLarge`]
/// or [`Error::NotFinite`].
pub fn decode_raw(bytes: &[u8], format: Format) -> Result<Clip, Error> {
    check_size(bytes)?;
    let frames = format.frames_in(bytes.len())?;
    check_length(frames as u64, format.rate_hz())?;
    let mut mono = Vec::new();
    format.decode(bytes, 0, &mut mono)?;
    finish(&mono, format.rate_hz())
}

fn check_size(bytes: &[u8]) -> Result<(), Error> {
    match bytes.len() {
        n if n > MAX_CLIP_BYTES => Err(Error::TooLarge {
            bytes: n,
            max: MAX_CLIP_BYTES,
        }),
        _ => Ok(()),
    }
}

pub(crate) fn check_length(frames: u64, rate_hz: u32) -> Result<(), Error> {
    let max_seconds = MAX_UTTERANCE.as_secs();
    if frames == 0 {
        return Err(Error::Empty);
    }
    if frames > max_seconds * u64::from(rate_hz) {
        #[expect(clippy::cast_precision_loss, reason = "only shown")]
        let seconds = frames as f64 / f64::from(rate_hz);
        return Err(Error::TooLong {
            seconds,
            max_seconds,
        });
    }
    Ok(())
}

fn wav(bytes: &[u8], header: &riff::Header) -> Result<Vec<f32>, Error> {
    let from = |error| from_decoder(Container::Wav, error);
    let mut reader = reader(header.rewrite(bytes), "wav").map_err(from)?;
    let mut decoder = decoder_for(reader.as_ref(), Container::Wav)?;
    let mut interleaved = Vec::new();
    let mut mono = Vec::new();
    let mut samples = 0;
    while let Some(packet) = reader.next_packet().map_err(from)? {
        let decoded = decoder.decode(&packet).map_err(from)?;
        decoded.copy_to_vec_interleaved::<f32>(&mut interleaved);
        check_finite(&interleaved, samples)?;
        samples += interleaved.len() as u64;
        mix(&interleaved, header.channels as usize, &mut mono);
    }
    Ok(mono)
}

/// Opens a file's content.
pub(crate) fn reader(
    content: Vec<u8>,
    extension: &str,
) -> Result<Box<dyn FormatReader>, DecoderError> {
    let source = Cursor::new(content);
    let source = MediaSourceStream::new(Box::new(source), MediaSourceStreamOptions::default());
    symphonia::default::get_probe().probe(
        Hint::new().with_extension(extension),
        source,
        FormatOptions::default(),
        MetadataOptions::default(),
    )
}

/// The decoder of a file's audio. It holds samples against the digest that a file has.
pub(crate) fn decoder_for(
    reader: &dyn FormatReader,
    container: Container,
) -> Result<Box<dyn AudioDecoder>, Error> {
    let parameters = reader
        .default_track(TrackType::Audio)
        .and_then(|track| track.codec_params.as_ref())
        .and_then(|parameters| parameters.audio())
        .ok_or_else(|| Error::Unsupported(container, "it has no audio track".to_owned()))?;
    symphonia::default::get_codecs()
        .make_audio_decoder(parameters, &AudioDecoderOptions::default().verify(true))
        .map_err(|error| from_decoder(container, error))
}

fn finish(mono: &[f32], rate_hz: u32) -> Result<Clip, Error> {
    if mono.is_empty() {
        return Err(Error::Empty);
    }
    let mut resampler = Resampler::new(rate_hz);
    let mut samples = Vec::new();
    resampler.push(mono, &mut samples);
    resampler.finish(&mut samples);
    Ok(Clip {
        pcm: Pcm::new(samples),
        source_rate_hz: rate_hz,
        source_samples: mono.len() as u64,
    })
}

pub(crate) fn from_decoder(container: Container, error: DecoderError) -> Error {
    match error {
        DecoderError::Unsupported(what) => Error::Unsupported(container, what.to_owned()),
        DecoderError::DecodeError(what) => Error::Malformed(container, what.to_owned()),
        other => Error::Malformed(container, other.to_string()),
    }
}
