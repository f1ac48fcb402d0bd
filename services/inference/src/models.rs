//! Where models are, which of them are there, and which of them a name means.
//!
//! A model is a folder in one of the [`Library`]'s folders. It is called as its folder is,
//! and `nano` is short for `hark-nano`, `base` for `whisper-base`.

use std::path::{Path, PathBuf};

use hark_whisper::Card;

use crate::Error;

/// An old name of the model that has always come with Hark.
pub const BUNDLED: &str = "bundled";

/// The model that [`BUNDLED`] means.
const NANO: &str = "nano";
/// Prefixes that a name may leave out.
const PREFIXES: [&str; 2] = ["hark-", "whisper-"];

/// The folders that models are looked for in, in this order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Library {
    folders: Vec<PathBuf>,
    /// That of the house's own models, one of them.
    own: Option<PathBuf>,
}

/// A model that is there.
#[derive(Debug)]
pub struct Present {
    /// Its folder's name, like `hark-nano`.
    pub name: String,
    /// Its folder.
    pub path: PathBuf,
    /// What is known of it; one that claims nothing where the folder has none.
    pub card: Result<Card, hark_whisper::Error>,
}

impl Library {
    /// The house's own models, if it has a folder for them (what is pulled goes there),
    /// then those that come with Hark: `models` beside the program,
    /// `../share/hark/models`, `/usr/share/hark/models`, and `models` of the source tree
    /// that the program was built from.
    pub fn new(own: Option<&Path>) -> Self {
        let mut folders: Vec<PathBuf> = own.map(Path::to_owned).into_iter().collect();
        if let Ok(program) = std::env::current_exe()
            && let Some(dir) = program.parent()
        {
            folders.push(dir.join("models"));
            folders.push(dir.join("../share/hark/models"));
        }
        folders.push("/usr/share/hark/models".into());
        folders.push(Path::new(env!("CARGO_MANIFEST_DIR")).join("../../models"));
        let own = own.map(Path::to_owned);
        Self { folders, own }
    }

    /// With the house's own models where they are if nobody says otherwise:
    /// `$XDG_DATA_HOME/hark/models`, or `~/.local/share/hark/models`.
    pub fn standard() -> Self {
        let own = hark_runtime::data_dir().map(|dir| dir.join("models"));
        Self::new(own.as_deref())
    }

    /// Of these folders alone, the first first.
    pub fn of(folders: Vec<PathBuf>) -> Self {
        Self { folders, own: None }
    }

    /// Whether a path is that of a model that came with Hark.
    pub fn is_bundled(&self, path: &Path) -> bool {
        let is_own = self.own.as_ref().is_some_and(|own| path.starts_with(own));
        !is_own && self.folders.iter().any(|folder| path.starts_with(folder))
    }

    /// Where it looks, the first first.
    pub fn folders(&self) -> &[PathBuf] {
        &self.folders
    }

    /// The models that are there, folder by folder, by name. Of two that [go by the same
    /// name](same_name) the first counts.
    pub fn present(&self) -> Vec<Present> {
        let mut found: Vec<Present> = Vec::new();
        for folder in &self.folders {
            let mut here: Vec<_> = std::fs::read_dir(folder)
                .into_iter()
                .flatten()
                .flatten()
                .filter_map(|entry| Present::at(entry.path()))
                .collect();
            here.sort_by(|a, b| a.name.cmp(&b.name));
            for model in here {
                if !found.iter().any(|f| same_name(&f.name, &model.name)) {
                    found.push(model);
                }
            }
        }
        found
    }

    /// The model of a name.
    ///
    /// # Errors
    /// [`Error::UnknownModel`] lists those that are there.
    pub fn find(&self, name: &str) -> Result<Present, Error> {
        let wanted = if name == BUNDLED { NANO } else { name };
        let mut present = self.present();
        match present.iter().position(|p| same_name(&p.name, wanted)) {
            Some(at) => Ok(present.swap_remove(at)),
            None => Err(Error::UnknownModel {
                name: name.to_owned(),
                present: present.into_iter().map(|p| p.name).collect(),
                folders: self.folders.clone(),
            }),
        }
    }

    /// The path of a model: of a name, or `model` itself where it is a path. What has a
    /// slash in it is one, and so is what is there under no model's name.
    ///
    /// # Errors
    /// [`Error::UnknownModel`].
    pub fn resolve(&self, model: &str) -> Result<PathBuf, Error> {
        if model.contains(std::path::is_separator) {
            return Ok(model.into());
        }
        match self.find(model) {
            Ok(found) => Ok(found.path),
            Err(_) if Path::new(model).exists() => Ok(model.into()),
            Err(error) => Err(error),
        }
    }
}

impl Present {
    /// The model in a folder, if one is there.
    fn at(path: PathBuf) -> Option<Self> {
        let name = path.file_name()?.to_str()?.to_owned();
        if !path.is_dir() {
            return None;
        }
        let card = match hark_whisper::locate(&path) {
            Ok((_, card)) => Ok(card),
            Err(hark_whisper::Error::NotAModel { .. }) => return None,
            Err(error) => Err(error),
        };
        Some(Self { name, path, card })
    }
}

/// A model's name without what may be left out: `nano` of `hark-nano`.
pub fn short(name: &str) -> &str {
    let mut stripped = PREFIXES.iter().filter_map(|p| name.strip_prefix(p));
    stripped.next().unwrap_or(name)
}

/// Whether two names mean the same model.
pub fn same_name(one: &str, other: &str) -> bool {
    short(one) == short(other)
}

/// The path of a model, with [`Library::standard`].
///
/// # Errors
/// [`Error::UnknownModel`].
pub fn resolve(model: &str) -> Result<PathBuf, Error> {
    Library::standard().resolve(model)
}

#[cfg(test)]
mod tests {
    use hark_whisper::card;

    use super::*;

    fn library(folder: &Path) -> Library {
        let own = folder.join("own");
        let mut library = Library::new(Some(&own));
        // Whatever is installed on this machine is not looked at.
        library.folders.truncate(1);
        library.folders.push(folder.join("tree"));
        library
    }

    fn model(folder: &Path, name: &str, card: &str) {
        let dir = folder.join(name);
        std::fs::create_dir_all(&dir).unwrap();
        match card {
            "" => std::fs::write(dir.join("model.safetensors"), "").unwrap(),
            card => std::fs::write(dir.join(card::FILE_NAME), card).unwrap(),
        }
    }

    #[test]
    fn models_are_found_by_name_the_houses_own_first() {
        let dir = tempfile::tempdir().unwrap();
        let library = library(dir.path());
        assert!(library.present().is_empty(), "no folder is there yet");
        let [own, tree] = [dir.path().join("own"), dir.path().join("tree")];
        model(&tree, "hark-nano", "name = \"hark-nano\"\nfile = \"n.bin\"");
        model(&tree, "whisper-base", "");
        model(&own, "base", "name = \"base\"\nfile = \"b.bin\"");
        model(&own, "broken", "nothing");
        std::fs::write(own.join("letter.txt"), "no model").unwrap();
        std::fs::create_dir(own.join("empty")).unwrap();

        let present = library.present();
        let names: Vec<_> = present.iter().map(|p| p.name.as_str()).collect();
        assert_eq!(names, ["base", "broken", "hark-nano"]);
        assert!(present[1].card.is_err());
        assert_eq!(present[2].card.as_ref().unwrap().name, "hark-nano");
        for (name, folder) in [
            ("nano", tree.join("hark-nano")),
            ("hark-nano", tree.join("hark-nano")),
            (BUNDLED, tree.join("hark-nano")),
            ("base", own.join("base")),
            ("whisper-base", own.join("base")),
        ] {
            let path = library.find(name).unwrap().path;
            assert_eq!(library.is_bundled(&path), path.starts_with(&tree), "{name}");
            assert_eq!(path, folder, "{name}");
        }
        assert!(!library.is_bundled(Path::new("/elsewhere")));
    }

    #[test]
    fn what_is_unknown_says_what_there_is() {
        let dir = tempfile::tempdir().unwrap();
        let library = library(dir.path());
        let error = library.find("nano").unwrap_err().to_string();
        assert!(error.contains("none is there"), "{error}");
        model(&dir.path().join("tree"), "hark-nano", "");
        let error = library.resolve("home").unwrap_err().to_string();
        assert!(
            error.contains("`home`") && error.contains("hark-nano"),
            "{error}"
        );
        assert_eq!(library.resolve("a/b").unwrap(), Path::new("a/b"));
        // Tests run in the crate's folder.
        assert_eq!(
            library.resolve("Cargo.toml").unwrap(),
            Path::new("Cargo.toml")
        );
    }

    #[test]
    fn the_model_of_the_tree_is_there() {
        let found = Library::new(None).find(BUNDLED).unwrap();
        assert!(found.path.join("card.toml").is_file());
        assert_eq!(found.card.unwrap().name, "hark-nano");
    }
}
