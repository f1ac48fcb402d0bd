//! A model on a disk: written beside its place, synced, and put there in one step.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

use hark_whisper::quant::Format;
use hark_whisper::{Checkpoint, Layout, card};
use sha2::{Digest as _, Sha256};

use crate::Error;
use crate::download::hex;
use crate::pull::Observer;

/// The weights of a Hugging Face directory.
const SAFETENSORS: &str = "model.safetensors";

/// What a model is written as.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shape {
    /// The layout: ggml or safetensors.
    pub layout: Layout,
    /// The number format of its weights.
    pub format: Format,
}

/// The weights as they were written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Written {
    /// The file's name.
    pub file: String,
    /// Its SHA-256, lower-case hexadecimal.
    pub sha256: String,
    /// Its length.
    pub bytes: u64,
}

/// Writes the files of a model into a folder that is there: weights, and what belongs
/// beside them. The card is not written.
///
/// # Errors
/// [`Error::Io`], or [`Error::Model`] where a tensor does not fit the format.
pub fn weights(
    checkpoint: &Checkpoint,
    shape: Shape,
    folder: &Path,
    name: &str,
    observer: &dyn Observer,
) -> Result<Written, Error> {
    let file = match shape.layout {
        Layout::Safetensors => SAFETENSORS.to_owned(),
        _ => ggml_name(name, shape.format),
    };
    let written = weights_at(checkpoint, shape, &folder.join(&file), observer)?;
    if shape.layout == Layout::Safetensors {
        let config = checkpoint.config_json(shape.format);
        whole(&folder.join("config.json"), config.as_bytes())?;
        whole(&folder.join("tokenizer.json"), &checkpoint.tokenizer_json())?;
    }
    Ok(Written { file, ..written })
}

/// The name of a ggml file, as whisper.cpp's are called.
fn ggml_name(name: &str, format: Format) -> String {
    let short = name.strip_prefix("whisper-").unwrap_or(name);
    let format = format!("{format:?}").to_lowercase();
    format!("ggml-{short}-{format}.bin")
}

/// Writes the weights alone.
fn weights_at(
    checkpoint: &Checkpoint,
    shape: Shape,
    path: &Path,
    observer: &dyn Observer,
) -> Result<Written, Error> {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    observer.begin(&format!("writing {name}"), None, 0);
    let file = File::create(path).map_err(Error::io(path))?;
    let mut out = Counted {
        inner: BufWriter::with_capacity(1 << 20, file),
        hasher: Sha256::new(),
        bytes: 0,
        observer,
    };
    match shape.layout {
        Layout::Safetensors => checkpoint.write_safetensors(&mut out, shape.format)?,
        _ => checkpoint.write_ggml(&mut out, shape.format)?,
    }
    out.flush().map_err(Error::io(path))?;
    out.inner.get_ref().sync_all().map_err(Error::io(path))?;
    Ok(Written {
        file: name.into_owned(),
        sha256: hex(&out.hasher.finalize()),
        bytes: out.bytes,
    })
}

/// Writes a model as a folder with a card, or as a single ggml file where the path ends in
/// `.bin`; nothing is there unless all of it is.
///
/// # Errors
/// [`Error::Exists`] where something is there and `force` is not set; as [`weights`].
pub fn model(
    checkpoint: &Checkpoint,
    shape: Shape,
    path: &Path,
    force: bool,
    observer: &dyn Observer,
) -> Result<Written, Error> {
    if !force && path.symlink_metadata().is_ok() {
        return Err(Error::Exists(path.to_owned()));
    }
    let beside = beside(path);
    remove(&beside)?;
    let alone = shape.layout == Layout::Ggml && path.extension().is_some_and(|e| e == "bin");
    let made = match alone {
        true => weights_at(checkpoint, shape, &beside, observer),
        false => folder(checkpoint, shape, path, &beside, observer),
    };
    let done = made.and_then(|written| {
        put(&beside, path)?;
        Ok(written)
    });
    if done.is_err() {
        let _ = remove(&beside);
    }
    let mut written = done?;
    if alone {
        let name = path.file_name().unwrap_or_default();
        written.file = name.to_string_lossy().into_owned();
    }
    Ok(written)
}

fn folder(
    checkpoint: &Checkpoint,
    shape: Shape,
    path: &Path,
    beside: &Path,
    observer: &dyn Observer,
) -> Result<Written, Error> {
    std::fs::create_dir_all(beside).map_err(Error::io(beside))?;
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let written = weights(checkpoint, shape, beside, &name, observer)?;
    let from = checkpoint.card();
    let source = match from.source.is_empty() {
        true => format!("written from {}", from.file),
        false => from.source.clone(),
    };
    let card = card::Card {
        name: name.into_owned(),
        file: written.file.clone(),
        sha256: written.sha256.clone(),
        source,
        ..from.clone()
    };
    let text = toml::to_string(&card).expect("a card is text, numbers and lists");
    whole(&beside.join(card::FILE_NAME), text.as_bytes())?;
    Ok(written)
}

/// A name beside a path that nothing else has: hidden, and known when it is left over.
fn beside(path: &Path) -> PathBuf {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    path.with_file_name(format!(".{name}.partial"))
}

/// Puts what was written to its place; what was there before is gone then.
pub(crate) fn put(from: &Path, to: &Path) -> Result<(), Error> {
    if from.is_dir() {
        sync_folder(from)?;
    }
    if to.is_dir() && from.is_dir() {
        // Folders can't be swapped in one step: the old one steps aside first.
        let old = to.with_file_name(format!(
            ".{}.old",
            to.file_name().unwrap_or_default().to_string_lossy()
        ));
        remove(&old)?;
        std::fs::rename(to, &old).map_err(Error::io(to))?;
        if let Err(error) = std::fs::rename(from, to) {
            // As it was.
            let _ = std::fs::rename(&old, to);
            return Err(Error::io(to)(error));
        }
        remove(&old)?;
    } else {
        std::fs::rename(from, to).map_err(Error::io(to))?;
    }
    match to.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => sync_folder(parent),
        _ => Ok(()),
    }
}

/// Removes a file or a folder with all that is in it, if it is there.
pub(crate) fn remove(path: &Path) -> Result<(), Error> {
    let removed = match path.symlink_metadata() {
        Ok(found) if found.is_dir() => std::fs::remove_dir_all(path),
        Ok(_) => std::fs::remove_file(path),
        Err(_) => Ok(()),
    };
    removed.map_err(Error::io(path))
}

/// Writes a small file and syncs it.
pub(crate) fn whole(path: &Path, content: &[u8]) -> Result<(), Error> {
    let mut file = File::create(path).map_err(Error::io(path))?;
    file.write_all(content).map_err(Error::io(path))?;
    file.sync_all().map_err(Error::io(path))
}

fn sync_folder(folder: &Path) -> Result<(), Error> {
    let opened = File::open(folder).map_err(Error::io(folder))?;
    opened.sync_all().map_err(Error::io(folder))
}

/// Counts and digests what goes through.
struct Counted<'a> {
    inner: BufWriter<File>,
    hasher: Sha256,
    bytes: u64,
    observer: &'a dyn Observer,
}

impl Write for Counted<'_> {
    fn write(&mut self, buffer: &[u8]) -> std::io::Result<usize> {
        let written = self.inner.write(buffer)?;
        self.hasher.update(&buffer[..written]);
        self.bytes += written as u64;
        self.observer.at(self.bytes);
        Ok(written)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        self.inner.flush()
    }
}
