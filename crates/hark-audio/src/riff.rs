//! A first look at a WAV file: what its header promises, and whether that is there.
//!
//! The decoder proper trusts a header; this does not.

use std::ops::Range;

use crate::format::{check_channels, check_rate};
use crate::{Container, Error};

/// The highest sample rate of a file.
pub(crate) const MAX_FILE_RATE_HZ: u32 = 192_000;

/// Lengths from here on are not promises: a program that writes WAV into a pipe does not
/// know the length and puts 0x7FFF_F000, 0x7FFF_FFFF or 0xFFFF_FFFF there.
const UNKNOWN_LENGTH: u32 = 0x7FFF_0000;

/// What a WAV header says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Header {
    pub rate_hz: u32,
    pub channels: u32,
    bits: u32,
    /// Where the body of the fmt chunk is in the file.
    format: Range<usize>,
    /// Where the samples are in the file.
    data: Range<usize>,
}

impl Header {
    /// Samples of one channel.
    pub(crate) fn frames(&self) -> u64 {
        let frame_bytes = u64::from(self.channels * self.bits / 8).max(1);
        self.data.len() as u64 / frame_bytes
    }

    /// The same file with its fmt and data chunks alone, and true lengths.
    pub(crate) fn rewrite(&self, bytes: &[u8]) -> Vec<u8> {
        let format = &bytes[self.format.clone()];
        let data = &bytes[self.data.clone()];
        let whole = 4 + 8 + format.len() + 8 + data.len();
        let mut out = Vec::with_capacity(whole + 8);
        for (id, len) in [(b"RIFF", whole), (b"WAVE", 0), (b"fmt ", format.len())] {
            out.extend_from_slice(id);
            if id != b"WAVE" {
                out.extend_from_slice(&length(len));
            }
        }
        out.extend_from_slice(format);
        out.extend_from_slice(b"data");
        out.extend_from_slice(&length(data.len()));
        out.extend_from_slice(data);
        out
    }
}

fn length(len: usize) -> [u8; 4] {
    u32::try_from(len)
        .expect("clips are bounded far below 4 GiB")
        .to_le_bytes()
}

/// Reads the header of a WAV file.
pub(crate) fn scan(bytes: &[u8]) -> Result<Header, Error> {
    let (Some(b"RIFF"), Some(b"WAVE")) = (bytes.get(..4), bytes.get(8..12)) else {
        return Err(malformed("it does not begin as one"));
    };
    let mut format = None;
    let mut at = 12;
    while let Some((id, promised)) = chunk(bytes, at) {
        let body = at + 8;
        let present = bytes.len() - body;
        if id == *b"data" {
            let data = body..body + data_len(promised, present)?;
            let format = format.ok_or_else(|| malformed("it has no fmt chunk before its data"))?;
            return read_format(bytes, format, data);
        }
        let len = promised as usize;
        if len > present {
            return Err(truncated(promised, present));
        }
        if id == *b"fmt " {
            format = Some(body..body + len);
        }
        at = body + len + len % 2;
    }
    Err(malformed("it ends before its audio begins"))
}

fn chunk(bytes: &[u8], at: usize) -> Option<([u8; 4], u32)> {
    let id = bytes.get(at..at + 4)?.try_into().ok()?;
    let len = bytes.get(at + 4..at + 8)?.try_into().ok()?;
    Some((id, u32::from_le_bytes(len)))
}

fn data_len(promised: u32, present: usize) -> Result<usize, Error> {
    if promised >= UNKNOWN_LENGTH {
        return Ok(present);
    }
    if promised as usize > present {
        return Err(truncated(promised, present));
    }
    Ok(promised as usize)
}

fn read_format(bytes: &[u8], format: Range<usize>, data: Range<usize>) -> Result<Header, Error> {
    let Some(basic) = bytes[format.clone()].first_chunk::<16>() else {
        return Err(malformed("its fmt chunk is too short"));
    };
    let channels = u32::from(u16::from_le_bytes([basic[2], basic[3]]));
    let rate_hz = u32::from_le_bytes([basic[4], basic[5], basic[6], basic[7]]);
    let bits = u32::from(u16::from_le_bytes([basic[14], basic[15]]));
    check_rate(rate_hz, MAX_FILE_RATE_HZ)?;
    check_channels(channels)?;
    if !matches!(bits, 8 | 16 | 24 | 32 | 64) {
        return Err(Error::Unsupported(
            Container::Wav,
            format!("{bits} bits a sample; 8, 16, 24, 32 and 64 are read"),
        ));
    }
    Ok(Header {
        rate_hz,
        channels,
        bits,
        format,
        data,
    })
}

fn malformed(what: &str) -> Error {
    Error::Malformed(Container::Wav, what.to_owned())
}

fn truncated(promised: u32, present: usize) -> Error {
    Error::Truncated {
        promised: u64::from(promised),
        present: present as u64,
    }
}
