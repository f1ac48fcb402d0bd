//! Which model a worker runs: the one that it is told, or the best that is there and that
//! the machine bears.

use std::path::{Path, PathBuf};

use hark_core::ladder::{self, Choice, Machine, Rung};
use hark_whisper::{Context, Model};

use crate::config::{Config, EngineKind};
use crate::machine::machine;
use crate::models::{self, Library, Present};
use crate::{AUTO, Error};

/// A model that was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Picked {
    /// Its folder or file.
    pub path: PathBuf,
    /// Whether it came with Hark.
    pub is_bundled: bool,
    /// Why it and none that is better; nothing where it was named.
    pub notes: Vec<String>,
}

/// Finds the model that a configuration asks for.
///
/// # Errors
/// [`Error::UnknownModel`], [`Error::NoModel`].
pub fn pick(config: &Config) -> Result<Picked, Error> {
    let library = config.library();
    let (path, notes) = match config.model.as_str() {
        AUTO => best(&library, config, machine(config.threads))?,
        model => (library.resolve(model)?, Vec::new()),
    };
    Ok(Picked {
        is_bundled: library.is_bundled(&path),
        path,
        notes,
    })
}

/// Loads a model, to listen to what a configuration says.
///
/// # Errors
/// [`Error::Model`].
pub fn load(path: &Path, context: Option<Context>) -> Result<Model, Error> {
    let model = Model::load(path)?;
    Ok(match context {
        Some(context) => model.with_context(context)?,
        None => model,
    })
}

/// The best of the ladder's models that are there, and why.
fn best(
    library: &Library,
    config: &Config,
    machine: Machine,
) -> Result<(PathBuf, Vec<String>), Error> {
    let mut notes = Vec::new();
    let mut rungs = Vec::new();
    let mut there = library.present();
    there.retain(|model| ladder::rank(models::short(&model.name)).is_some());
    for model in &there {
        match hark_whisper::needs(&model.path, context(config, model)) {
            Ok(needs) => rungs.push(Rung {
                name: models::short(&model.name).to_owned(),
                needs,
            }),
            Err(error) => notes.push(format!("{} is passed over: {error}", model.name)),
        }
    }
    let Choice {
        taken,
        passed,
        is_beyond,
    } = ladder::choose(&rungs, machine);
    let found = |name: &str| -> Option<&Present> {
        there
            .iter()
            .find(|model| models::same_name(&model.name, name))
    };
    let Some(model) = taken.as_deref().and_then(found) else {
        let folders = library.folders().to_vec();
        return Err(Error::NoModel { folders, notes });
    };
    let why = match is_beyond {
        false => "is the best that is there and that this machine bears",
        true => "is more than this machine bears, and nothing lighter is there",
    };
    notes.insert(0, format!("{} {why}", model.name));
    let named = |(name, why)| format!("{name} {why}");
    notes.extend(passed.into_iter().map(named));
    Ok((model.path.clone(), notes))
}

/// What a model would listen to; none: what its card says.
fn context(config: &Config, model: &Present) -> Option<Context> {
    match (config.engine, &model.card) {
        (EngineKind::WhisperCpp, Ok(card)) => {
            hark_whisper_cpp::listens(card, config.context.of()).ok()
        }
        _ => config.context.of(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tree(name: &str) -> PathBuf {
        Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("../../models")
            .join(name)
    }

    const SMALL: Machine = Machine {
        memory: Some(300 << 20),
        cores: 2,
    };

    #[test]
    fn a_better_model_that_is_there_is_taken_and_said_why() {
        let dir = tempfile::tempdir().unwrap();
        let library = Library::of(vec![dir.path().to_owned()]);
        let error = best(&library, &Config::default(), SMALL)
            .unwrap_err()
            .to_string();
        assert!(error.contains("hark model pull"), "{error}");

        // Its weights are nano's; only its name makes it the better one.
        for name in ["hark-nano", "whisper-base", "my-own"] {
            let to = dir.path().join(name);
            std::fs::create_dir(&to).unwrap();
            for file in std::fs::read_dir(tree("hark-nano")).unwrap() {
                let file = file.unwrap();
                std::fs::copy(file.path(), to.join(file.file_name())).unwrap();
            }
        }
        let (path, notes) = best(&library, &Config::default(), SMALL).unwrap();
        assert_eq!(path, dir.path().join("whisper-base"));
        assert_eq!(notes.len(), 1, "{notes:?}");
        assert!(
            notes[0].starts_with("whisper-base is the best"),
            "{notes:?}"
        );

        let none = Machine {
            memory: Some(0),
            ..SMALL
        };
        let (path, notes) = best(&library, &Config::default(), none).unwrap();
        assert_eq!(path, dir.path().join("hark-nano"));
        assert!(notes[0].contains("nothing lighter"), "{notes:?}");
        assert!(notes[1].starts_with("base needs "), "{notes:?}");

        let weights = dir.path().join("whisper-base/ggml-hark-nano-q8_0.bin");
        std::fs::write(weights, "nothing").unwrap();
        let (path, notes) = best(&library, &Config::default(), SMALL).unwrap();
        assert_eq!(path, dir.path().join("hark-nano"));
        assert!(
            notes[1].starts_with("whisper-base is passed over"),
            "{notes:?}"
        );
    }

    #[test]
    fn what_is_named_is_taken_without_a_word() {
        for (model, path) in [("nano", tree("hark-nano")), ("/no/such", "/no/such".into())] {
            let config = Config {
                model: model.to_owned(),
                ..Config::default()
            };
            let picked = pick(&config).unwrap();
            assert_eq!((picked.path, picked.notes.len()), (path, 0));
            assert_eq!(picked.is_bundled, model == "nano");
        }
    }
}
