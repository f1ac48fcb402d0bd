//! Where clips are: a manifest, a folder with one, or a folder of recordings with a text
//! beside each.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use hark_core::Language;
use hark_core::audio::Pcm;
use hark_eval::manifest::{self, Clip};

use crate::cli;

/// Names that a manifest in a folder has.
const MANIFESTS: [&str; 3] = ["manifest.tsv", "manifest.jsonl", "manifest.json"];
/// What recordings end in.
const RECORDINGS: [&str; 5] = ["wav", "flac", "opus", "ogg", "oga"];

/// Clips, and the folder that their names begin in.
#[derive(Debug, Default)]
pub(super) struct Source {
    pub folder: PathBuf,
    pub clips: Vec<Clip>,
}

impl Source {
    /// Reads which clips there are, and picks those that are wanted.
    pub fn read(path: &Path, wanted: &cli::eval::Clips) -> anyhow::Result<Self> {
        let mut source = match path.is_dir() {
            false => Self::of_manifest(path, wanted.silence)?,
            true => {
                let manifest = MANIFESTS.iter().map(|name| path.join(name));
                match manifest.into_iter().find(|m| m.is_file()) {
                    Some(manifest) => Self::of_manifest(&manifest, wanted.silence)?,
                    None => Self::of_folder(path, wanted.silence)?,
                }
            }
        };
        source.pick(wanted);
        if source.clips.is_empty() {
            bail!(
                "{}: no clip is left of those that were asked for",
                path.display()
            );
        }
        Ok(source)
    }

    /// The languages of the clips.
    pub fn languages(&self) -> Vec<Language> {
        let found: BTreeSet<_> = self
            .clips
            .iter()
            .filter_map(|c| c.language.clone())
            .collect();
        found.into_iter().collect()
    }

    fn of_manifest(path: &Path, empty_is_silence: bool) -> anyhow::Result<Self> {
        let clips = manifest::parse(&text(path)?, &path.display().to_string(), empty_is_silence)?;
        let folder = path.parent().unwrap_or(Path::new("")).to_owned();
        Ok(Self { folder, clips })
    }

    fn of_folder(folder: &Path, empty_is_silence: bool) -> anyhow::Result<Self> {
        let context = || folder.display().to_string();
        let mut files = Vec::new();
        for entry in std::fs::read_dir(folder).with_context(context)? {
            let path = entry.with_context(context)?.path();
            let ending = path.extension().map(|e| e.to_ascii_lowercase());
            let is_recording = ending.is_some_and(|e| RECORDINGS.iter().any(|r| e == *r));
            if is_recording && let Some(name) = path.file_name().and_then(|n| n.to_str()) {
                files.push(name.to_owned());
            }
        }
        if files.is_empty() {
            bail!(
                "{}: there is no manifest.tsv, manifest.jsonl or recording (*.wav, *.flac, \
                 *.opus) in it",
                folder.display()
            );
        }
        files.sort_unstable();
        let clip = |(i, file): (usize, String)| {
            let beside = folder.join(&file).with_extension("txt");
            let said = match beside.is_file() {
                true => manifest::said(&text(&beside)?, empty_is_silence),
                false => manifest::said("", false),
            };
            Ok(Clip {
                line: i + 1,
                file,
                said,
                language: None,
                voice: String::new(),
                noise: String::new(),
            })
        };
        let clips = files.into_iter().enumerate().map(clip);
        Ok(Self {
            folder: folder.to_owned(),
            clips: clips.collect::<anyhow::Result<_>>()?,
        })
    }

    fn pick(&mut self, wanted: &cli::eval::Clips) {
        let nameless = self.languages().is_empty();
        if let ([language], true) = (&wanted.language[..], nameless) {
            for clip in &mut self.clips {
                clip.language = Some(language.clone());
            }
        }
        self.clips.retain(|clip| {
            let of = |wanted: &Language| {
                let language = clip.language.as_ref();
                language.is_some_and(|l| l.primary() == wanted.primary())
            };
            let spoken = wanted.language.is_empty() || wanted.language.iter().any(of);
            wanted.lines.takes(clip.line) && (spoken || nameless)
        });
        if let Some(limit) = wanted.limit {
            self.clips.truncate(limit.get());
        }
    }
}

/// Reads a text.
///
/// # Errors
/// If it can't be read, or is not UTF-8.
pub(super) fn text(path: &Path) -> anyhow::Result<String> {
    std::fs::read_to_string(path).with_context(|| path.display().to_string())
}

/// Reads a recording.
///
/// # Errors
/// If it can't be read, or is no audio that can be heard.
pub(super) fn audio(folder: &Path, file: &str) -> anyhow::Result<Pcm> {
    let path = folder.join(file);
    let bytes = std::fs::read(&path).with_context(|| path.display().to_string())?;
    Ok(hark_audio::decode_clip(&bytes)?.pcm)
}
