//! Where models are.

use std::path::{Path, PathBuf};

use crate::Error;

/// The name of the model that comes with Hark.
pub const BUNDLED: &str = "bundled";

const NANO: &str = "hark-nano";

/// The path of a model: `model` itself, or where the bundled one is.
///
/// The bundled model is looked for beside the program, in `../share/hark/models`, in
/// `/usr/share/hark/models`, and in the source tree that the program was built from.
///
/// # Errors
/// [`Error::NoBundledModel`] lists where it was looked for.
pub fn resolve(model: &str) -> Result<PathBuf, Error> {
    if model != BUNDLED {
        return Ok(PathBuf::from(model));
    }
    let places = places();
    match places.iter().find(|p| p.is_dir()) {
        Some(place) => Ok(place.clone()),
        None => Err(Error::NoBundledModel(places)),
    }
}

fn places() -> Vec<PathBuf> {
    let mut places = Vec::new();
    if let Ok(program) = std::env::current_exe()
        && let Some(dir) = program.parent()
    {
        places.push(dir.join("models").join(NANO));
        places.push(dir.join("../share/hark/models").join(NANO));
    }
    places.push(Path::new("/usr/share/hark/models").join(NANO));
    places.push(
        Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("../../models")
            .join(NANO),
    );
    places
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bundled_model_is_found_and_any_other_is_taken_as_it_is() {
        assert!(resolve(BUNDLED).unwrap().join("card.toml").is_file());
        assert_eq!(resolve("/no/such").unwrap(), Path::new("/no/such"));
    }
}
