//! Files that are read again when they change. What is broken is said once, and what was
//! there before stays.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crate::{Error, files};

/// How often files are looked at.
pub(crate) const EVERY: Duration = Duration::from_secs(2);

/// Makes something of the bytes of the files, in their order.
trait Build<T>: Send + Sync {
    fn build(&self, files: &[Vec<u8>]) -> Result<T, Error>;
}

impl<T, F: Fn(&[Vec<u8>]) -> Result<T, Error> + Send + Sync> Build<T> for F {
    fn build(&self, files: &[Vec<u8>]) -> Result<T, Error> {
        self(files)
    }
}

/// Something that is made of files.
pub(crate) struct Reloading<T> {
    paths: Vec<PathBuf>,
    build: Box<dyn Build<T>>,
    state: Mutex<State<T>>,
}

struct State<T> {
    current: Arc<T>,
    /// What was last read, whether or not it could be used.
    seen: Vec<Vec<u8>>,
    /// What was last wrong, so that it is said once.
    problem: Option<String>,
    looked: Instant,
}

impl<T> Reloading<T> {
    /// Reads the files for the first time.
    pub(crate) fn new(
        paths: Vec<PathBuf>,
        build: impl Fn(&[Vec<u8>]) -> Result<T, Error> + Send + Sync + 'static,
    ) -> Result<Self, Error> {
        let seen = read(&paths)?;
        let state = State {
            current: Arc::new(build(&seen)?),
            seen,
            problem: None,
            looked: Instant::now(),
        };
        Ok(Self {
            paths,
            build: Box::new(build),
            state: Mutex::new(state),
        })
    }

    /// What the files last made, without looking at them.
    pub(crate) fn current(&self) -> Arc<T> {
        Arc::clone(&self.state().current)
    }

    /// Whether the files were not looked at for so long that they should be.
    pub(crate) fn is_due(&self) -> bool {
        self.state().looked.elapsed() >= EVERY
    }

    /// Looks at the files. It reads from the disk; don't call it where that disturbs.
    pub(crate) fn look(&self) {
        let read = read(&self.paths);
        let mut state = self.state();
        state.looked = Instant::now();
        let bytes = match read {
            Ok(bytes) if bytes == state.seen => return,
            Ok(bytes) => bytes,
            Err(error) => return state.complain(&error),
        };
        let built = self.build.build(&bytes);
        state.seen = bytes;
        match built {
            Ok(new) => {
                state.current = Arc::new(new);
                state.problem = None;
                let files = self.names();
                tracing::info!(files, "certificates were exchanged");
            }
            Err(error) => state.complain(&error),
        }
    }

    fn names(&self) -> String {
        let names: Vec<_> = self.paths.iter().map(|p| p.display().to_string()).collect();
        names.join(", ")
    }

    fn state(&self) -> MutexGuard<'_, State<T>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<T> State<T> {
    fn complain(&mut self, error: &Error) {
        let problem = error.to_string();
        if self.problem.as_ref() != Some(&problem) {
            tracing::warn!(%error, "new certificates can't be used; the old ones stay");
            self.problem = Some(problem);
        }
    }
}

fn read(paths: &[PathBuf]) -> Result<Vec<Vec<u8>>, Error> {
    paths.iter().map(|path| files::read(path)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_broken_leaves_what_was_there() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("number");
        let write = |text: &str| std::fs::write(&path, text).unwrap();
        let build = |bytes: &[Vec<u8>]| {
            let text = String::from_utf8_lossy(&bytes[0]).into_owned();
            text.parse::<u32>().map_err(|e| Error::Issue(e.to_string()))
        };
        write("1");
        let reloading = Reloading::new(vec![path.clone()], build).unwrap();
        for (text, expect) in [("2", 2), ("two", 2), ("3", 3), ("3", 3)] {
            write(text);
            reloading.look();
            assert_eq!(*reloading.current(), expect, "{text}");
        }
        std::fs::remove_file(&path).unwrap();
        reloading.look();
        assert_eq!(*reloading.current(), 3);
        assert!(
            reloading
                .state()
                .problem
                .as_ref()
                .unwrap()
                .contains("number")
        );
    }

    #[test]
    fn what_is_broken_from_the_start_is_an_error() {
        let missing = Reloading::new(vec!["/no/such".into()], |_| Ok(()));
        assert!(missing.err().unwrap().to_string().contains("/no/such"));
    }
}
