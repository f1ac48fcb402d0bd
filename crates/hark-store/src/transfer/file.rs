//! The file of an export: lines of JSON. First a header with the format's version, then
//! a line for each key, then one with their number and the SHA-256 of all lines before
//! it. Who reads it has read and checked all of it before anything is written anywhere.

use std::fs::File;
use std::io::{BufRead as _, BufReader, BufWriter, Write as _};
use std::path::Path;

use hark_core::store::{Key, MAX_KEY_BYTES, MAX_TXN_BYTES};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use super::Error;

/// The format that is written; what is newer is refused.
pub const FORMAT: u32 = 1;
/// No line is longer: a key and a value in hexadecimal digits.
const LONGEST_LINE: usize = 2 * (MAX_KEY_BYTES + MAX_TXN_BYTES) + 256;

/// The first line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Header {
    /// The version of the format.
    #[serde(rename = "hark_store_export")]
    pub format: u32,
    /// What all keys begin with.
    pub prefix: String,
    /// The store's revision when it was read.
    pub revision: i64,
}

/// What was taken out of a store.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Contents {
    /// Where it is from.
    pub header: Header,
    /// Keys and values, in the order of the keys.
    pub pairs: Vec<(Key, Vec<u8>)>,
    /// How many keys were left out because they hang on a lease.
    pub left_out: usize,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Pair {
    key: String,
    hex: String,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Trailer {
    keys: usize,
    sha256: String,
}

/// Writes the file. It is there whole, and synced, or not at all.
///
/// # Errors
/// [`Error::Io`], also if there is such a file already.
pub fn write(path: &Path, contents: &Contents) -> Result<(), Error> {
    let failed = |source| Error::Io {
        path: path.to_owned(),
        source,
    };
    if path.exists() {
        return Err(failed(std::io::ErrorKind::AlreadyExists.into()));
    }
    let part = path.with_extension("part");
    let written = write_lines(&part, contents).and_then(|()| std::fs::rename(&part, path));
    if written.is_err() {
        // The error that matters is the other one.
        let _ = std::fs::remove_file(&part);
    }
    written.map_err(failed)
}

fn write_lines(path: &Path, contents: &Contents) -> std::io::Result<()> {
    let mut file = BufWriter::new(File::create(path)?);
    let mut digest = Sha256::new();
    let mut line = |text: String| {
        digest.update(text.as_bytes());
        digest.update(b"\n");
        writeln!(file, "{text}")
    };
    line(serde_json::to_string(&contents.header)?)?;
    for (key, value) in &contents.pairs {
        let pair = Pair {
            key: key.to_string(),
            hex: hex(value),
        };
        line(serde_json::to_string(&pair)?)?;
    }
    let trailer = Trailer {
        keys: contents.pairs.len(),
        sha256: hex(&digest.finalize()),
    };
    writeln!(file, "{}", serde_json::to_string(&trailer)?)?;
    file.into_inner()
        .map_err(std::io::IntoInnerError::into_error)?
        .sync_all()
}

/// Reads and checks the file.
///
/// # Errors
/// [`Error::Io`], [`Error::Newer`], [`Error::Damaged`].
pub fn read(path: &Path) -> Result<Contents, Error> {
    let damaged = |what: String| Error::Damaged {
        path: path.to_owned(),
        what,
    };
    let mut lines = Lines::open(path)?;
    let first = lines
        .next()?
        .ok_or_else(|| damaged("it is empty".to_owned()))?;
    let header = header(path, &first)?;
    let mut pairs: Vec<(Key, Vec<u8>)> = Vec::new();
    loop {
        let before = lines.digest.clone();
        let number = pairs.len() + 2;
        let line = lines
            .next()?
            .ok_or_else(|| damaged("its end is missing".to_owned()))?;
        if let Ok(trailer) = serde_json::from_str::<Trailer>(&line) {
            let same = trailer.keys == pairs.len() && trailer.sha256 == hex(&before.finalize());
            return match (same, lines.next()?) {
                (true, None) => Ok(Contents {
                    header,
                    pairs,
                    left_out: 0,
                }),
                (true, Some(_)) => Err(damaged("something follows its end".to_owned())),
                (false, _) => Err(damaged("its checksum is another".to_owned())),
            };
        }
        let pair = pair(&line, &header.prefix);
        let pair = pair.ok_or_else(|| damaged(format!("line {number} is no key and value")))?;
        if pairs.last().is_some_and(|(last, _)| *last >= pair.0) {
            return Err(damaged(format!("line {number} is out of order")));
        }
        pairs.push(pair);
    }
}

/// The header; that of a later version is told from damage.
fn header(path: &Path, line: &str) -> Result<Header, Error> {
    let json: Option<serde_json::Value> = serde_json::from_str(line).ok();
    let format = json
        .as_ref()
        .and_then(|j| j.get("hark_store_export")?.as_u64());
    match format.map(|f| u32::try_from(f).unwrap_or(u32::MAX)) {
        Some(found) if found > FORMAT => Err(Error::Newer {
            path: path.to_owned(),
            found,
        }),
        _ => serde_json::from_str(line).map_err(|_| Error::Damaged {
            path: path.to_owned(),
            what: "it does not begin as an export does".to_owned(),
        }),
    }
}

fn pair(line: &str, prefix: &str) -> Option<(Key, Vec<u8>)> {
    let pair: Pair = serde_json::from_str(line).ok()?;
    pair.key.strip_prefix(prefix)?;
    Some((Key::new(pair.key), unhex(&pair.hex)?))
}

/// The lines of a file, and the digest of those that were read.
struct Lines<'a> {
    path: &'a Path,
    file: BufReader<File>,
    digest: Sha256,
}

impl<'a> Lines<'a> {
    fn open(path: &'a Path) -> Result<Self, Error> {
        let file = File::open(path).map_err(|source| Error::Io {
            path: path.to_owned(),
            source,
        })?;
        Ok(Self {
            path,
            file: BufReader::new(file),
            digest: Sha256::new(),
        })
    }

    /// The next line, if it is whole.
    fn next(&mut self) -> Result<Option<String>, Error> {
        let mut line = String::new();
        let mut bounded = std::io::Read::take(&mut self.file, LONGEST_LINE as u64);
        match bounded.read_line(&mut line) {
            Ok(_) => {}
            Err(e) if e.kind() == std::io::ErrorKind::InvalidData => {
                return Err(Error::Damaged {
                    path: self.path.to_owned(),
                    what: "it is no text".to_owned(),
                });
            }
            Err(source) => {
                return Err(Error::Io {
                    path: self.path.to_owned(),
                    source,
                });
            }
        }
        self.digest.update(line.as_bytes());
        Ok(line.strip_suffix('\n').map(str::to_owned))
    }
}

fn hex(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let digit = |n: u8| char::from(DIGITS[usize::from(n)]);
    bytes
        .iter()
        .flat_map(|b| [digit(b >> 4), digit(b & 15)])
        .collect()
}

fn unhex(text: &str) -> Option<Vec<u8>> {
    let digit = |c: u8| char::from(c).to_digit(16).map(|d| d as u8);
    let (pairs, rest) = text.as_bytes().as_chunks::<2>();
    let byte = |[high, low]: &[u8; 2]| Some(digit(*high)? << 4 | digit(*low)?);
    rest.is_empty().then(|| pairs.iter().map(byte).collect())?
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn contents() -> Contents {
        let pair = |n: u8| (Key::new(format!("/hark/v1/home/a/{n}")), vec![n; 5]);
        Contents {
            header: Header {
                format: FORMAT,
                prefix: "/hark/v1/home/".to_owned(),
                revision: 7,
            },
            pairs: (0..9).map(pair).collect(),
            left_out: 0,
        }
    }

    fn written() -> (tempfile::TempDir, std::path::PathBuf, Vec<u8>) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("export");
        write(&path, &contents()).unwrap();
        let bytes = std::fs::read(&path).unwrap();
        (folder, path, bytes)
    }

    #[test]
    fn what_is_written_is_read() {
        let (_folder, path, _) = written();
        assert_eq!(read(&path).unwrap(), contents());
        let error = write(&path, &contents()).unwrap_err();
        assert!(matches!(error, Error::Io { .. }), "{error}");
    }

    #[test]
    fn a_file_that_was_cut_off_anywhere_is_refused() {
        let (_folder, path, bytes) = written();
        for length in 0..bytes.len() {
            std::fs::write(&path, &bytes[..length]).unwrap();
            let error = read(&path).unwrap_err();
            assert!(matches!(error, Error::Damaged { .. }), "{length}: {error}");
        }
    }

    #[test]
    fn a_newer_file_is_told_from_a_damaged_one() {
        let (_folder, path, bytes) = written();
        let text = String::from_utf8(bytes).unwrap();
        let newer = text.replacen("\"hark_store_export\":1", "\"hark_store_export\":2", 1);
        assert_ne!(newer, text);
        std::fs::write(&path, newer).unwrap();
        let error = read(&path).unwrap_err();
        assert!(matches!(error, Error::Newer { found: 2, .. }), "{error}");
    }

    proptest! {
        #[test]
        fn no_byte_can_change(at: prop::sample::Index, to: u8) {
            let (_folder, path, mut bytes) = written();
            let at = at.index(bytes.len());
            prop_assume!(bytes[at] != to);
            bytes[at] = to;
            std::fs::write(&path, &bytes).unwrap();
            prop_assert!(read(&path).is_err());
        }
    }
}
