//! The one error of this crate: why a worker can't start.

use std::path::PathBuf;

/// Why a worker can't start.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A setting has a value that it can't have.
    #[error("`{setting}` {message}")]
    Setting {
        /// Its key.
        setting: &'static str,
        /// What is wrong with it.
        message: String,
    },
    /// There is no model to choose from.
    #[error("{}", nothing(folders, notes))]
    NoModel {
        /// Where they were looked for.
        folders: Vec<PathBuf>,
        /// What is there, and why it is no choice.
        notes: Vec<String>,
    },
    /// There is no model of that name.
    #[error("{}", unknown(name, present, folders))]
    UnknownModel {
        /// What was asked for.
        name: String,
        /// The models that are there.
        present: Vec<String>,
        /// Where they were looked for.
        folders: Vec<PathBuf>,
    },
    /// The model can't be loaded.
    #[error("cannot load the model: {0}")]
    Model(#[from] hark_whisper::Error),
    /// whisper.cpp can't load the model.
    #[error("cannot load the model: {0}")]
    WhisperCpp(#[from] hark_whisper_cpp::Error),
    /// The engine's own process can't serve.
    #[error("the engine in a process of its own: {0}")]
    Apart(String),
    /// The process can't say who it is.
    #[error(transparent)]
    Cluster(#[from] hark_cluster::Error),
    /// The store to register in can't be opened.
    #[error(transparent)]
    Store(#[from] hark_store::Error),
    /// The process can't start or go on.
    #[error(transparent)]
    Runtime(#[from] hark_runtime::Error),
    /// The engine's thread can't be started.
    #[error("cannot start the engine's thread: {0}")]
    Thread(std::io::Error),
}

fn unknown(name: &str, present: &[String], folders: &[PathBuf]) -> String {
    let there = match present.is_empty() {
        true => "none is there".to_owned(),
        false => format!("there are {}", present.join(", ")),
    };
    format!(
        "there is no model `{name}`: {there}; looked in {}; a path has a slash in it",
        list(folders)
    )
}

fn nothing(folders: &[PathBuf], notes: &[String]) -> String {
    let mut text = format!(
        "there is no model that `auto` could take; looked in {}; name one with --model, or get \
         one with `hark model pull base`",
        list(folders)
    );
    for note in notes {
        text.push_str("; ");
        text.push_str(note);
    }
    text
}

fn list(paths: &[PathBuf]) -> String {
    let each: Vec<_> = paths.iter().map(|p| p.display().to_string()).collect();
    each.join(", ")
}
