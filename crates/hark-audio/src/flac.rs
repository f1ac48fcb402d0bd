//! FLAC: what its first block promises is held against what comes out.

use symphonia::core::errors::Error as DecoderError;

use crate::clip::{check_length, decoder_for, from_decoder, reader};
use crate::format::{check_channels, check_rate, mix};
use crate::riff::MAX_FILE_RATE_HZ;
use crate::{Container, Error};

/// The least that the stream's description has: its mark, a block's head, its body.
const DESCRIPTION: usize = 4 + 4 + 34;

/// What the first block says.
struct StreamInfo {
    rate_hz: u32,
    channels: u32,
    /// Samples of one channel; 0: not known.
    frames: u64,
}

/// Decodes a file to mono, at the rate that it says.
///
/// # Errors
/// [`Error::Malformed`], [`Error::CutOff`], [`Error::Unsupported`],
/// [`Error::SampleRate`], [`Error::Channels`], [`Error::Empty`] or [`Error::TooLong`].
pub(crate) fn decode(bytes: &[u8]) -> Result<(Vec<f32>, u32), Error> {
    let info = StreamInfo::read(bytes)?;
    if info.frames > 0 {
        check_length(info.frames, info.rate_hz)?;
    }
    let from = |error| from_decoder(Container::Flac, error);
    let mut reader = reader(bytes.to_vec(), "flac").map_err(from)?;
    let mut decoder = decoder_for(reader.as_ref(), Container::Flac)?;
    let mut interleaved = Vec::new();
    let mut mono = Vec::new();
    while let Some(packet) = next(&mut *reader)? {
        let decoded = decoder.decode(&packet).map_err(from)?;
        let (rate_hz, channels) = (decoded.spec().rate(), decoded.spec().channels().count());
        if rate_hz != info.rate_hz || channels != info.channels as usize {
            return Err(malformed(
                "a frame has another rate or other channels than the file",
            ));
        }
        decoded.copy_to_vec_interleaved::<f32>(&mut interleaved);
        mix(&interleaved, channels, &mut mono);
        check_length(mono.len().max(1) as u64, info.rate_hz)?;
    }
    let found = mono.len() as u64;
    if found < info.frames {
        let reason = format!("it promises {} samples and has {found}", info.frames);
        return Err(Error::CutOff(Container::Flac, reason));
    }
    if info.frames > 0 && found > info.frames {
        return Err(malformed("it has more samples than it promises"));
    }
    if decoder.finalize().verify_ok == Some(false) {
        return Err(malformed("its samples are not those of its digest"));
    }
    Ok((mono, info.rate_hz))
}

/// The next packet; none at the end of the file.
fn next(
    reader: &mut dyn symphonia::core::formats::FormatReader,
) -> Result<Option<symphonia::core::packet::Packet>, Error> {
    match reader.next_packet() {
        Ok(packet) => Ok(packet),
        Err(DecoderError::IoError(error)) if error.kind() == std::io::ErrorKind::UnexpectedEof => {
            Ok(None)
        }
        Err(error) => Err(from_decoder(Container::Flac, error)),
    }
}

impl StreamInfo {
    /// Reads the first block, which is always the stream's description.
    fn read(bytes: &[u8]) -> Result<Self, Error> {
        let Some(block) = bytes.first_chunk::<DESCRIPTION>() else {
            let reason = "it ends before it says what it is".to_owned();
            return Err(Error::CutOff(Container::Flac, reason));
        };
        if block[4] & 0x7f != 0 || block[5..8] != [0, 0, 34] {
            return Err(malformed("its first block is not the stream's description"));
        }
        // 20 bits of rate, 3 of channels less one, 5 of bits less one, 36 of samples.
        let word: [u8; 8] = std::array::from_fn(|i| block[18 + i]);
        let word = u64::from_be_bytes(word);
        let info = Self {
            rate_hz: u32::try_from(word >> 44).expect("20 bits"),
            channels: u32::try_from(word >> 41 & 0b111).expect("3 bits") + 1,
            frames: word & ((1 << 36) - 1),
        };
        check_rate(info.rate_hz, MAX_FILE_RATE_HZ)?;
        check_channels(info.channels)?;
        Ok(info)
    }
}

fn malformed(reason: &str) -> Error {
    Error::Malformed(Container::Flac, reason.to_owned())
}
