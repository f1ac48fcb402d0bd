//! Members of wheels. Only those that are named are read, to where the reader says, so a
//! wheel can write nowhere; one that tries is refused as a whole.

use std::collections::HashSet;
use std::fs::File;
use std::io::{BufReader, Read, Seek, SeekFrom, Write};
use std::path::Path;

use flate2::read::DeflateDecoder;
use zip::{CompressionMethod, ZipArchive};

use crate::Error;

/// More members than a wheel of a model has.
const MOST_MEMBERS: usize = 10_000;
/// The record at a zip's end, less its comment, and its longest comment.
const END: usize = 22;
const LONGEST_COMMENT: usize = u16::MAX as usize;

/// Writes a member's bytes to `out`: at most `most`.
pub(crate) fn extract(
    wheel: &Path,
    member: &str,
    most: u64,
    out: &mut impl Write,
) -> Result<u64, Error> {
    let wrong = |reason: String| Error::Wheel {
        wheel: wheel.to_owned(),
        member: member.to_owned(),
        reason,
    };
    let mut archive = open(wheel)?;
    let at = archive
        .index_for_name(member)
        .ok_or_else(|| wrong("it is not there".to_owned()))?;
    let file = archive.by_index_raw(at).map_err(|e| wrong(e.to_string()))?;
    if file.encrypted() {
        return Err(wrong("it is encrypted".to_owned()));
    }
    let declared = file.size();
    if declared > most {
        let reason = format!("it says that it has {declared} bytes, expected at most {most}");
        return Err(wrong(reason));
    }
    let reader: Box<dyn Read + '_> = match file.compression() {
        CompressionMethod::Stored => Box::new(file),
        CompressionMethod::DEFLATE => Box::new(DeflateDecoder::new(file)),
        other => return Err(wrong(format!("it is compressed by {other}"))),
    };
    // What it says it has may be a lie: not a byte more is written.
    let mut bounded = reader.take(most + 1);
    let written = copy(&mut bounded, most, out).map_err(|error| match error {
        Copy::Read(error) => wrong(format!("it is damaged ({error}); get the wheel again")),
        Copy::TooMuch => wrong(format!(
            "it has more than the {most} bytes that it may have"
        )),
        Copy::Write(source) => Error::Model(hark_whisper::Error::Write(source)),
    })?;
    if written != declared {
        return Err(wrong(format!(
            "it has {written} bytes and says that it has {declared}"
        )));
    }
    Ok(written)
}

enum Copy {
    Read(std::io::Error),
    Write(std::io::Error),
    TooMuch,
}

fn copy(from: &mut impl Read, most: u64, out: &mut impl Write) -> Result<u64, Copy> {
    let mut buffer = vec![0; 256 << 10];
    let mut written = 0;
    loop {
        let read = from.read(&mut buffer).map_err(Copy::Read)?;
        if read == 0 {
            return Ok(written);
        }
        written += read as u64;
        if written > most {
            return Err(Copy::TooMuch);
        }
        out.write_all(&buffer[..read]).map_err(Copy::Write)?;
    }
}

/// Opens a wheel whose members have names of their own that stay inside it.
fn open(wheel: &Path) -> Result<ZipArchive<BufReader<File>>, Error> {
    let wrong = |member: &str, reason: String| Error::Wheel {
        wheel: wheel.to_owned(),
        member: member.to_owned(),
        reason,
    };
    let mut file = File::open(wheel).map_err(Error::io(wheel))?;
    let said = members_said(&mut file).map_err(Error::io(wheel))?;
    let archive = ZipArchive::new(BufReader::new(file))
        .map_err(|e| wrong("the wheel", format!("it is no zip file ({e})")))?;
    if archive.len() > MOST_MEMBERS {
        let reason = format!("{} members are more than {MOST_MEMBERS}", archive.len());
        return Err(wrong("the wheel", reason));
    }
    let mut names = HashSet::new();
    for name in archive.file_names() {
        let name = name.map_err(|e| wrong("the wheel", e.to_string()))?;
        if leads_out(&name) {
            return Err(wrong(&name, "its name leads out of the wheel".to_owned()));
        }
        names.insert(name.to_ascii_lowercase());
    }
    // Of two members of one name, readers disagree about which counts.
    if said.is_some_and(|said| said != archive.len()) || names.len() != archive.len() {
        let reason = "two of its members have the same name".to_owned();
        return Err(wrong("the wheel", reason));
    }
    Ok(archive)
}

fn leads_out(name: &str) -> bool {
    name.is_empty()
        || name.starts_with('/')
        || name.contains(['\\', '\0', ':'])
        || name.split('/').any(|part| part == "..")
}

/// How many members the record at the end says that there are; none where there is no such
/// record, or it says that another one says so.
fn members_said(file: &mut File) -> std::io::Result<Option<usize>> {
    let length = file.seek(SeekFrom::End(0))?;
    let tail = length.min((END + LONGEST_COMMENT) as u64);
    file.seek(SeekFrom::Start(length - tail))?;
    let mut end = Vec::new();
    file.take(tail).read_to_end(&mut end)?;
    file.seek(SeekFrom::Start(0))?;
    let at = end.windows(4).rposition(|w| w == b"PK\x05\x06");
    let record = at.and_then(|at| end.get(at..at + END));
    let count = record.map(|r| usize::from(u16::from_le_bytes([r[10], r[11]])));
    Ok(count.filter(|count| *count != usize::from(u16::MAX)))
}
