//! Whether the model is there, whole, and one that Hark can run.

use hark_inference::EngineKind;
use hark_whisper::{Error, Model};

use super::Finding;
use crate::up::Config;

const CHECK: &str = "model";
const BUNDLED: &str = "or leave --model and inference.model out for the best that is there";

/// Reads the model as `hark up` would.
pub(super) fn examine(config: &Config) -> Vec<Finding> {
    if config.inference.engine == EngineKind::Fake {
        let fix = "inference.engine = \"candle\", and no --engine fake";
        return vec![Finding::warn(
            CHECK,
            "the engine is fake: nothing is heard",
            fix,
        )];
    }
    let inference = config.inference();
    let path = match hark_inference::pick(&inference) {
        Ok(picked) => picked.path,
        Err(error) => {
            let fix = "name a model with --model, or install Hark with `make install`";
            return vec![Finding::fail(CHECK, error.to_string(), fix)];
        }
    };
    let loaded = Model::load(&path).and_then(|model| match inference.context.of() {
        Some(context) => model.with_context(context),
        None => Ok(model),
    });
    vec![match loaded {
        Ok(model) => {
            let card = model.card();
            let checked = match card.sha256.is_empty() {
                true => "no card says what its SHA-256 should be",
                false => "as its card says",
            };
            let shape = model.dimensions();
            let what = format!(
                "{} at {}: {} + {} layers of {}, {checked}",
                card.name,
                path.display(),
                shape.n_audio_layer,
                shape.n_text_layer,
                shape.n_state,
            );
            Finding::ok(CHECK, what)
        }
        Err(error) => Finding::fail(CHECK, error.to_string(), remedy(&error)),
    }]
}

fn remedy(error: &Error) -> String {
    match error {
        Error::Io { .. } => format!("give --model a file or folder that is there, {BUNDLED}"),
        Error::Digest { path, found, .. } => format!(
            "get {} again; if you changed it on purpose, write sha256 = \"{found}\" in its \
             card.toml",
            path.display()
        ),
        Error::Truncated { .. } => format!("get the file again, {BUNDLED}"),
        _ => format!(
            "give --model a folder with a card.toml, one of Hugging Face's layout, or a \
             ggml-*.bin, {BUNDLED}"
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::super::Level;
    use super::*;

    #[test]
    fn the_bundled_model_is_well() {
        let found = examine(&Config::default());
        assert_eq!(found[0].level, Level::Ok, "{found:?}");
        assert!(found[0].what.contains("as its card says"), "{found:?}");
    }

    #[test]
    fn remedies_fit_the_reason() {
        let digest = Error::Digest {
            path: "m.bin".into(),
            expected: "aa".to_owned(),
            found: "bb".to_owned(),
        };
        assert!(remedy(&digest).contains("sha256 = \"bb\""));
        let gone = Error::Io {
            path: "m.bin".into(),
            source: std::io::ErrorKind::NotFound.into(),
        };
        assert!(remedy(&gone).contains("--model"));
        let other = Error::NotAModel {
            path: "m.bin".into(),
            reason: "it is a picture".to_owned(),
        };
        assert!(remedy(&other).contains("ggml"));
    }
}
