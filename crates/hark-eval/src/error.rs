//! What is wrong with what an evaluation is made from.

/// What is wrong with what an evaluation is made from.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A line of a table or of JSON lines is not as it should be.
    #[error("{file}, line {line}: {what}")]
    Line {
        /// The file.
        file: String,
        /// The line, from 1.
        line: usize,
        /// What is wrong with it, and what to do.
        what: String,
    },
    /// A table lacks what it needs as a whole.
    #[error("{file}: {what}")]
    Table {
        /// The file.
        file: String,
        /// What is wrong with it, and what to do.
        what: String,
    },
    /// A selection of lines is none.
    #[error(
        "`{0}` selects no lines: give odd, even, every:N, every:N:OFFSET or not-every:N, as in \
         every:10"
    )]
    Lines(String),
    /// A noise is none.
    #[error("`{0}` is no noise: give white, pink, brown, hum, or a file with a recording")]
    Noise(String),
    /// A home could not be made.
    #[error(transparent)]
    Home(#[from] hark_home::Error),
    /// There are no sentences for a language.
    #[error(transparent)]
    Sentences(#[from] hark_intents::Error),
    /// An area is not in the home.
    #[error("the home has no area `{area}`; it has {known}")]
    Area {
        /// What was asked for.
        area: String,
        /// What there is.
        known: String,
    },
}

impl Error {
    pub(crate) fn line(file: &str, line: usize, what: impl Into<String>) -> Self {
        Self::Line {
            file: file.to_owned(),
            line,
            what: what.into(),
        }
    }

    pub(crate) fn table(file: &str, what: impl Into<String>) -> Self {
        Self::Table {
            file: file.to_owned(),
            what: what.into(),
        }
    }
}
