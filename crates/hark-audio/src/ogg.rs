//! The Ogg container (RFC 3533), as far as a clip needs it: one stream, whole, from its
//! first page to its last.
//!
//! Nothing is believed that the file says about lengths, and every page is held against
//! its checksum.

use crate::{Container, Error};

/// The head of a page, up to its table of segments.
const HEAD: usize = 27;
/// The page goes on with a packet of the page before.
const CONTINUED: u8 = 1;
/// The stream's first page.
const FIRST: u8 = 2;
/// The stream's last page.
const LAST: u8 = 4;

/// A packet, and what its page says if it is the last that ends there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Packet {
    pub data: Vec<u8>,
    /// The position after this packet, where the page says it; −1 is never said.
    pub position: Option<u64>,
}

/// One page.
struct Page<'a> {
    flags: u8,
    position: i64,
    serial: u32,
    sequence: u32,
    segments: &'a [u8],
    body: &'a [u8],
}

/// The packets of a file with one stream.
///
/// # Errors
/// [`Error::Malformed`], [`Error::CutOff`], or [`Error::Unsupported`] where there is more
/// than one stream, beside or after each other.
pub(crate) fn packets(bytes: &[u8]) -> Result<Vec<Packet>, Error> {
    let mut rest = bytes;
    let mut packets: Vec<Packet> = Vec::new();
    let mut open: Option<Vec<u8>> = None;
    let mut serial = None;
    let mut is_last = false;
    for number in 0_u32.. {
        if rest.is_empty() {
            break;
        }
        let page = Page::take(&mut rest, number)?;
        if is_last || *serial.get_or_insert(page.serial) != page.serial {
            return Err(unsupported("it has several streams; send one alone"));
        }
        if page.sequence != number || (page.flags & FIRST != 0) != (number == 0) {
            return Err(malformed(format!("page {number} is out of order")));
        }
        if (page.flags & CONTINUED != 0) != open.is_some() {
            return Err(malformed(format!(
                "page {number} continues no packet, or should"
            )));
        }
        let before = packets.len();
        page.split(&mut open, &mut packets);
        if packets.len() > before && page.position >= 0 {
            let last = packets.last_mut().expect("the page ended one");
            last.position = u64::try_from(page.position).ok();
        }
        is_last = page.flags & LAST != 0;
    }
    if open.is_some() || !is_last {
        return Err(cut_off("its last page is missing"));
    }
    Ok(packets)
}

impl<'a> Page<'a> {
    /// Takes the next page off a file.
    fn take(rest: &mut &'a [u8], number: u32) -> Result<Self, Error> {
        let bytes = *rest;
        let Some(head) = bytes.first_chunk::<HEAD>() else {
            return Err(cut_off(&format!("page {number} ends in its head")));
        };
        if head[..4] != *b"OggS" || head[4] != 0 {
            return Err(malformed(format!("page {number} does not begin as one")));
        }
        let table = HEAD + usize::from(head[26]);
        let segments = bytes.get(HEAD..table);
        let body = segments.map(|s| s.iter().map(|&n| usize::from(n)).sum::<usize>());
        let (Some(segments), Some(body)) = (
            segments,
            body.and_then(|length| bytes.get(table..table + length)),
        ) else {
            return Err(cut_off(&format!("page {number} is not whole")));
        };
        let page = &bytes[..table + body.len()];
        let word =
            |at: usize| u32::from_le_bytes([head[at], head[at + 1], head[at + 2], head[at + 3]]);
        if checksum(page) != word(22) {
            let reason = format!("page {number} has another checksum than it says");
            return Err(malformed(reason));
        }
        *rest = &bytes[page.len()..];
        let position = u64::from(word(6)) | u64::from(word(10)) << 32;
        Ok(Self {
            flags: head[5],
            position: position.cast_signed(),
            serial: word(14),
            sequence: word(18),
            segments,
            body,
        })
    }

    /// Adds the page's packets; one that goes on in the next page stays open.
    fn split(&self, open: &mut Option<Vec<u8>>, packets: &mut Vec<Packet>) {
        let mut body = self.body;
        for &length in self.segments {
            let (segment, after) = body.split_at(usize::from(length));
            body = after;
            let mut data = open.take().unwrap_or_default();
            data.extend_from_slice(segment);
            if length == 255 {
                *open = Some(data);
            } else {
                packets.push(Packet {
                    data,
                    position: None,
                });
            }
        }
    }
}

/// The checksum of a page: CRC-32 by 0x04c11db7, its own four bytes taken as 0.
pub(crate) fn checksum(page: &[u8]) -> u32 {
    let bytes = page.iter().enumerate();
    bytes.fold(0, |crc: u32, (at, &byte)| {
        let byte = if (22..26).contains(&at) { 0 } else { byte };
        TABLE[usize::from((crc >> 24) as u8 ^ byte)] ^ (crc << 8)
    })
}

const TABLE: [u32; 256] = table();

const fn table() -> [u32; 256] {
    let mut table = [0; 256];
    let mut at = 0;
    while at < 256 {
        let mut crc = (at as u32) << 24;
        let mut bit = 0;
        while bit < 8 {
            let carry = crc >> 31;
            crc = (crc << 1) ^ (0x04c1_1db7 * carry);
            bit += 1;
        }
        table[at] = crc;
        at += 1;
    }
    table
}

fn malformed(reason: String) -> Error {
    Error::Malformed(Container::Opus, reason)
}

fn unsupported(reason: &str) -> Error {
    Error::Unsupported(Container::Opus, reason.to_owned())
}

fn cut_off(reason: &str) -> Error {
    Error::CutOff(Container::Opus, reason.to_owned())
}
