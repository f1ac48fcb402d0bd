//! Opus in Ogg (RFC 7845): what the headers say, and the samples of one or two channels.

use std::panic::{AssertUnwindSafe, catch_unwind};

use hark_core::audio::MAX_UTTERANCE;
use opus_decoder::OpusDecoder;

use crate::format::mix;
use crate::{Container, Error, ogg};

/// Opus always counts at this rate.
pub(crate) const RATE_HZ: u32 = 48_000;
/// The longest packet: 120 ms.
const MAX_PACKET: usize = 5_760;
/// The first packets are the headers.
const HEADERS: usize = 2;

/// What `OpusHead` says.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Head {
    channels: usize,
    /// Samples of one channel to drop at the beginning.
    pre_skip: usize,
    gain: f32,
}

/// Decodes a file to mono at [`RATE_HZ`].
///
/// # Errors
/// [`Error::Malformed`], [`Error::CutOff`], [`Error::Unsupported`], [`Error::Channels`],
/// [`Error::Empty`] or [`Error::TooLong`].
pub(crate) fn decode(bytes: &[u8]) -> Result<Vec<f32>, Error> {
    let packets = ogg::packets(bytes)?;
    let head = Head::parse(packets.first().map_or(&[], |p| &p.data))?;
    if packets
        .get(1)
        .is_none_or(|p| !p.data.starts_with(b"OpusTags"))
    {
        return Err(malformed("its second packet is no OpusTags"));
    }
    let packets = &packets[HEADERS..];
    let kept = kept(packets, head.pre_skip)?;
    let mut mono = samples(packets, head)?;
    mono.truncate(kept.end);
    mono.drain(..kept.start.min(mono.len()));
    for sample in &mut mono {
        *sample = (*sample * head.gain).clamp(-1.0, 1.0);
    }
    Ok(mono)
}

impl Head {
    fn parse(data: &[u8]) -> Result<Self, Error> {
        let Some(rest) = data.strip_prefix(b"OpusHead") else {
            let reason = "it holds something else than Opus; of Ogg files only those are read";
            return Err(Error::Unsupported(Container::Opus, reason.to_owned()));
        };
        let Some(
            &[
                version,
                channels,
                skip0,
                skip1,
                _,
                _,
                _,
                _,
                gain0,
                gain1,
                family,
            ],
        ) = rest.first_chunk::<11>()
        else {
            return Err(malformed("its OpusHead is too short"));
        };
        if version >= 16 {
            let reason = format!("version {version} of OpusHead is not known");
            return Err(Error::Unsupported(Container::Opus, reason));
        }
        if family != 0 {
            let reason =
                format!("its channels are mapped by family {family}; mono and stereo are read");
            return Err(Error::Unsupported(Container::Opus, reason));
        }
        if !(1..=2).contains(&channels) {
            let channels = u32::from(channels);
            return Err(Error::Channels { channels, max: 2 });
        }
        // Decibels, in 256ths.
        let decibels = f32::from(i16::from_le_bytes([gain0, gain1])) / 256.0;
        Ok(Self {
            channels: usize::from(channels),
            pre_skip: usize::from(u16::from_le_bytes([skip0, skip1])),
            gain: 10.0_f32.powf(decibels / 20.0),
        })
    }
}

/// Which of the decoded samples are the audio: without what the decoder needed to settle
/// in, and not beyond what the last page says.
fn kept(packets: &[ogg::Packet], pre_skip: usize) -> Result<std::ops::Range<usize>, Error> {
    let mut length = 0;
    let mut start = None;
    let mut end = None;
    for (at, packet) in packets.iter().enumerate() {
        length += duration(&packet.data).ok_or_else(|| malformed(&broken(at)))?;
        let Some(position) = packet.position.and_then(|p| usize::try_from(p).ok()) else {
            continue;
        };
        let is_last = at + 1 == packets.len();
        // A recording may begin in the midst of a stream; only its end may be cut.
        let begins = start.get_or_insert(match position.checked_sub(length) {
            Some(begins) => begins,
            None if is_last => 0,
            None => return Err(malformed("its first page ends before it begins")),
        });
        let counted = position.checked_sub(*begins).filter(|&n| n <= length);
        end = Some(counted.ok_or_else(|| malformed("a page's position is not that of its audio"))?);
    }
    let end = end.ok_or(Error::Empty)?;
    let limit = MAX_UTTERANCE.as_secs() as usize * RATE_HZ as usize;
    if end.saturating_sub(pre_skip) > limit || length > limit + pre_skip + 2 * RATE_HZ as usize {
        #[expect(clippy::cast_precision_loss, reason = "only shown")]
        let seconds = length.saturating_sub(pre_skip) as f64 / f64::from(RATE_HZ);
        let max_seconds = MAX_UTTERANCE.as_secs();
        return Err(Error::TooLong {
            seconds,
            max_seconds,
        });
    }
    if end <= pre_skip {
        return Err(Error::Empty);
    }
    Ok(pre_skip..end)
}

/// Samples of one channel that a packet holds (RFC 6716, 3.1 and 3.2); none if it is none.
fn duration(packet: &[u8]) -> Option<usize> {
    let (&toc, rest) = packet.split_first()?;
    let frame = match toc >> 3 {
        config @ 0..12 => [480, 960, 1920, 2880][usize::from(config & 3)],
        config @ 12..16 => [480, 960][usize::from(config & 1)],
        config => [120, 240, 480, 960][usize::from(config & 3)],
    };
    let frames = match toc & 3 {
        0 => 1,
        1 | 2 => 2,
        _ => usize::from(rest.first()? & 0x3f),
    };
    Some(frame * frames).filter(|n| (1..=MAX_PACKET).contains(n))
}

/// All samples, mixed to mono.
fn samples(packets: &[ogg::Packet], head: Head) -> Result<Vec<f32>, Error> {
    let decoder = OpusDecoder::new(RATE_HZ, head.channels);
    let mut decoder = decoder.map_err(|error| malformed(&error.to_string()))?;
    let mut interleaved = vec![0.0; MAX_PACKET * head.channels];
    let mut mono = Vec::new();
    for (at, packet) in packets.iter().enumerate() {
        // The decoder has no unsafe code, but arithmetic that a hostile packet upsets.
        let decode = || decoder.decode_float(&packet.data, &mut interleaved, false);
        let decoded = catch_unwind(AssertUnwindSafe(decode));
        let Ok(Ok(count)) = decoded else {
            return Err(malformed(&broken(at)));
        };
        mix(
            &interleaved[..count * head.channels],
            head.channels,
            &mut mono,
        );
    }
    Ok(mono)
}

fn broken(at: usize) -> String {
    format!("audio packet {at} can't be decoded")
}

fn malformed(reason: &str) -> Error {
    Error::Malformed(Container::Opus, reason.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn packets_last_as_their_first_byte_says() {
        for (packet, expect) in [
            (&[0x08_u8][..], Some(960)),
            // 60 ms of SILK; 10 ms hybrid; 2.5 ms and 20 ms of CELT.
            (&[0x18], Some(2880)),
            (&[0x60], Some(480)),
            (&[0x80], Some(120)),
            (&[0xf8], Some(960)),
            (&[0x09], Some(1920)),
            (&[0x0b, 3], Some(2880)),
            (&[0x0b, 0], None),
            (&[0x1b, 3], None),
            (&[0x0b], None),
            (&[], None),
        ] {
            assert_eq!(duration(packet), expect, "{packet:?}");
        }
    }

    #[test]
    fn heads_are_checked() {
        let head = |channels: u8, family: u8, version: u8| {
            let mut head = b"OpusHead".to_vec();
            head.extend([version, channels, 0x38, 0x01, 0, 0, 0, 0, 0, 0xfa, family]);
            Head::parse(&head)
        };
        let good = head(2, 0, 1).unwrap();
        assert_eq!((good.channels, good.pre_skip), (2, 312));
        // −6 dB
        assert!((good.gain - 0.501_187).abs() < 1e-5);
        for (found, says) in [
            (head(2, 1, 1), "family 1"),
            (head(3, 0, 1), "3 channels"),
            (head(0, 0, 1), "0 channels"),
            (head(1, 0, 16), "version 16"),
            (Head::parse(b"OpusHead"), "too short"),
            (Head::parse(b"\x01vorbis"), "something else"),
        ] {
            let error = found.unwrap_err().to_string();
            assert!(error.contains(says), "{error}");
        }
    }
}
