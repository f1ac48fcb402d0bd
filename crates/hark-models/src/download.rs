//! A file from a server, in a folder of files that are known by their digest. What was
//! received is kept when a download breaks off, or the process ends, and is gone on with.

use std::fs::File;
use std::io::{Read as _, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};

use hark_core::backoff::Backoff;
use http::StatusCode;
use http::header::{
    CONTENT_LENGTH, CONTENT_RANGE, ETAG, HeaderName, IF_RANGE, LAST_MODIFIED, RANGE,
};
use sha2::{Digest as _, Sha256};

use crate::Error;
use crate::address::Address;
use crate::client::{Client, Response};
use crate::pull::Observer;

/// More tries than any download needs, even one that always gets a little further.
const MOST_ATTEMPTS: usize = 200;

/// What is wanted.
#[derive(Debug, Clone)]
pub(crate) struct Wanted {
    pub address: Address,
    /// What people know it as.
    pub name: String,
    pub sha256: String,
    pub bytes: u64,
    /// Whether `bytes` is but a bound.
    pub bounded: bool,
}

/// Brings a file into the folder, unless it is there.
pub(crate) async fn fetch(
    client: &Client,
    wanted: &Wanted,
    folder: &Path,
    observer: &dyn Observer,
) -> Result<PathBuf, Error> {
    let whole = folder.join(&wanted.sha256);
    if whole.is_file() {
        if verify(&whole, &wanted.name, &wanted.sha256).is_ok() {
            return Ok(whole);
        }
        std::fs::remove_file(&whole).map_err(Error::io(&whole))?;
    }
    let part = folder.join(format!("{}.part", wanted.sha256));
    let mut resumed = receive(client, wanted, &part, observer).await?;
    while let Err(error) = verify(&part, &wanted.name, &wanted.sha256) {
        discard(&part);
        // Two halves of different files: the whole of one may be right.
        if !std::mem::take(&mut resumed) {
            return Err(error);
        }
        receive(client, wanted, &part, observer).await?;
    }
    std::fs::rename(&part, &whole).map_err(Error::io(&whole))?;
    let _ = std::fs::remove_file(validator_of(&part));
    Ok(whole)
}

/// Receives until all is there. Gives whether it went on with what was there.
async fn receive(
    client: &Client,
    wanted: &Wanted,
    part: &Path,
    observer: &dyn Observer,
) -> Result<bool, Error> {
    let (first, most) = client.limits.pauses;
    let mut backoff = Backoff::new(first, most);
    let (mut fruitless, mut had, mut resumed) = (0, length(part), false);
    for _ in 0..MOST_ATTEMPTS {
        let error = match attempt(client, wanted, part, observer).await {
            Ok(went_on) => return Ok(resumed || went_on),
            Err(error) => error,
        };
        resumed = true;
        let has = length(part);
        if has > had {
            fruitless = 0;
            backoff.reset();
        }
        had = has;
        fruitless += 1;
        if !error.may_pass() || fruitless >= client.limits.attempts {
            return Err(error);
        }
        let pause = backoff.next(0.5);
        observer.note(&format!("{error}; trying again in {pause:.1?}"));
        tokio::time::sleep(pause).await;
    }
    Err(Error::Network {
        address: wanted.address.to_string(),
        reason: format!("it broke off {MOST_ATTEMPTS} times"),
    })
}

/// One request, from where the part ends.
async fn attempt(
    client: &Client,
    wanted: &Wanted,
    part: &Path,
    observer: &dyn Observer,
) -> Result<bool, Error> {
    let mut have = length(part);
    if have > wanted.bytes {
        discard(part);
        have = 0;
    }
    if have == wanted.bytes && have > 0 && !wanted.bounded {
        return Ok(true);
    }
    let mut headers: Vec<(HeaderName, String)> = Vec::new();
    if have > 0 {
        headers.push((RANGE, format!("bytes={have}-")));
        if let Ok(validator) = std::fs::read_to_string(validator_of(part)) {
            headers.push((IF_RANGE, validator));
        }
    }
    let response = client.get(&wanted.address, &headers).await?;
    let start = start_of(&response, have);
    let misfit = matches!(start, Err(Error::Network { .. }))
        || response.status == StatusCode::RANGE_NOT_SATISFIABLE;
    if misfit {
        // Whatever is there does not fit what the server has.
        discard(part);
    }
    let start = start?;
    bounded(&response, wanted, start)?;
    let mut options = File::options();
    let opened = options
        .create(true)
        .truncate(start == 0)
        .write(true)
        .open(part);
    let mut file = opened.map_err(Error::io(part))?;
    file.seek(SeekFrom::Start(start)).map_err(Error::io(part))?;
    keep_validator(part, &response);
    observer.begin(
        &wanted.name,
        Some(wanted.bytes).filter(|_| !wanted.bounded),
        start,
    );
    body(response, wanted, part, &mut file, start, observer).await?;
    Ok(start > 0)
}

async fn body(
    mut response: Response,
    wanted: &Wanted,
    part: &Path,
    file: &mut File,
    start: u64,
    observer: &dyn Observer,
) -> Result<(), Error> {
    let mut at = start;
    while let Some(chunk) = response.chunk().await? {
        at += chunk.len() as u64;
        if at > wanted.bytes {
            discard(part);
            return Err(too_much(&response, wanted, at));
        }
        file.write_all(&chunk).map_err(Error::io(part))?;
        observer.at(at);
    }
    if at < wanted.bytes && !wanted.bounded {
        return Err(Error::Network {
            address: response.address.to_string(),
            reason: format!("it broke off after {at} of {} bytes", wanted.bytes),
        });
    }
    file.sync_all().map_err(Error::io(part))
}

/// Where in the file an answer begins.
fn start_of(response: &Response, have: u64) -> Result<u64, Error> {
    match response.status {
        StatusCode::OK => Ok(0),
        StatusCode::PARTIAL_CONTENT => {
            let range = response.header(&CONTENT_RANGE).unwrap_or_default();
            let begins = range
                .strip_prefix("bytes ")
                .and_then(|r| r.split('-').next())
                .and_then(|b| b.parse().ok());
            match begins {
                Some(start) if start == have => Ok(start),
                _ => Err(Error::Network {
                    address: response.address.to_string(),
                    reason: format!("it sends another part than was asked for (`{range}`)"),
                }),
            }
        }
        status => Err(Error::Status {
            address: response.address.to_string(),
            status,
        }),
    }
}

/// Refuses what is announced to be larger or smaller than it can be.
fn bounded(response: &Response, wanted: &Wanted, start: u64) -> Result<(), Error> {
    let announced = response
        .header(&CONTENT_LENGTH)
        .and_then(|l| l.parse::<u64>().ok());
    let Some(all) = announced.map(|length| length.saturating_add(start)) else {
        return Ok(());
    };
    match all > wanted.bytes || (all < wanted.bytes && !wanted.bounded) {
        true => Err(too_much(response, wanted, all)),
        false => Ok(()),
    }
}

fn too_much(response: &Response, wanted: &Wanted, sent: u64) -> Error {
    Error::Size {
        address: response.address.to_string(),
        expected: wanted.bytes,
        sent,
    }
}

fn length(path: &Path) -> u64 {
    std::fs::metadata(path).map_or(0, |m| m.len())
}

/// Removes what was received; what can't be removed is found wrong again.
fn discard(part: &Path) {
    let _ = std::fs::remove_file(part);
    let _ = std::fs::remove_file(validator_of(part));
}

fn validator_of(part: &Path) -> PathBuf {
    part.with_extension("validator")
}

/// Keeps what says that the file on the server is still the same: a strong entity tag, or
/// the time of its last change.
fn keep_validator(part: &Path, response: &Response) {
    let tag = response.header(&ETAG).filter(|tag| !tag.starts_with("W/"));
    let path = validator_of(part);
    // Without one the digest finds out.
    let _ = match tag.or_else(|| response.header(&LAST_MODIFIED)) {
        Some(validator) => std::fs::write(path, validator),
        None => std::fs::remove_file(path),
    };
}

/// Holds a file against its digest.
pub(crate) fn verify(path: &Path, what: &str, expected: &str) -> Result<(), Error> {
    let found = digest(path)?;
    match found == expected {
        true => Ok(()),
        false => Err(Error::Digest {
            what: what.to_owned(),
            expected: expected.to_owned(),
            found,
        }),
    }
}

/// A file's SHA-256, in lower-case hexadecimal.
///
/// # Errors
/// [`Error::Io`].
pub fn digest(path: &Path) -> Result<String, Error> {
    let mut file = File::open(path).map_err(Error::io(path))?;
    let mut hasher = Sha256::new();
    let mut buffer = vec![0; 1 << 20];
    loop {
        let read = file.read(&mut buffer).map_err(Error::io(path))?;
        if read == 0 {
            break;
        }
        hasher.update(&buffer[..read]);
    }
    Ok(hex(&hasher.finalize()))
}

/// Bytes in lower-case hexadecimal.
pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|b| format!("{b:02x}")).collect()
}
