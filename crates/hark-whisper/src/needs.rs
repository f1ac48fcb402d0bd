//! What a model asks of a machine, by the head of its file where that tells.

use std::io::Read as _;
use std::path::Path;

use hark_core::ladder::Needs;

use crate::context::Context;
use crate::dimensions::{Dimensions, SAMPLES_PER_FRAME};
use crate::{Checkpoint, Error, checkpoint, ggml, safetensors};

/// Enough of a ggml file for its sizes.
const HEAD: u64 = 64;
/// A command of three seconds.
const COMMAND: usize = 3 * 50 * SAMPLES_PER_FRAME;
/// Tokens of such a command, prompt and end included.
const TOKENS: u64 = 20;
/// What a process takes besides weights: vocabulary, filters, what is computed.
const BESIDES: u64 = 64 << 20;

/// What a model asks for, listening to a context; none: that of its card.
///
/// # Errors
/// As [`crate::Model::load`], of what is at the beginning of the file.
pub fn needs(path: &Path, context: Option<Context>) -> Result<Needs, Error> {
    let (file, card) = checkpoint::locate(path)?;
    let dimensions = if file.extension().is_some_and(|e| e == "safetensors") {
        safetensors::dimensions(&file)?
    } else {
        let head = head(&file)?;
        match ggml::is_one(&head) {
            true => ggml::dimensions(&file, &head)?,
            // Others have their sizes among their tensors.
            false => *Checkpoint::open(path)?.dimensions(),
        }
    };
    let context = context.unwrap_or_else(|| card.context());
    let length = std::fs::metadata(&file).map_or(0, |m| m.len());
    // The whole file, and all of it in single precision, while it is read.
    Ok(Needs {
        memory: length + 4 * dimensions.parameters() as u64 + BESIDES,
        flops: flops(&dimensions, context),
    })
}

fn head(path: &Path) -> Result<Vec<u8>, Error> {
    let mut head = Vec::new();
    let read = std::fs::File::open(path).and_then(|file| file.take(HEAD).read_to_end(&mut head));
    read.map_err(|source| Error::Io {
        path: path.to_owned(),
        source,
    })?;
    Ok(head)
}

/// Two for each product of a weight, and for each of attention over the audio.
fn flops(dimensions: &Dimensions, context: Context) -> u64 {
    let number = |n: usize| n as u64;
    let frames = number(context.frames(COMMAND, dimensions.n_audio_ctx));
    let width = number(dimensions.n_state);
    let layers = number(dimensions.n_audio_layer);
    // Four projections and a layer four times as wide, there and back.
    let encode = frames * layers * (24 * width * width + 4 * frames * width);
    let block = number(dimensions.n_text_layer) * 32 * width * width;
    let decode = TOKENS * (block + 2 * number(dimensions.n_vocab) * width);
    encode + decode
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::context::SilenceTail;

    #[test]
    fn nano_asks_for_little() {
        let nano = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../models/hark-nano");
        let short = needs(&nano, None).unwrap();
        // 8.1 M parameters of 4 bytes and a file of 10 MB.
        assert!((95 << 20..115 << 20).contains(&short.memory), "{short:?}");
        assert!(
            (100_000_000..2_000_000_000).contains(&short.flops),
            "{short:?}"
        );
        let full = needs(&nano, Some(Context::Full)).unwrap();
        assert_eq!(full.memory, short.memory);
        assert!(full.flops > 5 * short.flops, "{full:?} {short:?}");
    }

    #[test]
    fn base_asks_for_what_was_counted() {
        let tail = Context::SilenceTail(SilenceTail::default());
        let [full, tail] = [Context::Full, tail].map(|context| flops(&Dimensions::BASE, context));
        // 97 GF less the convolutions, which are not counted, plus the decoder.
        assert!((80..97).contains(&(full / 1_000_000_000)), "{full}");
        assert!((7..14).contains(&(tail / 1_000_000_000)), "{tail}");
    }

    #[test]
    fn what_is_no_model_is_an_error() {
        let dir = tempfile::tempdir().unwrap();
        assert!(needs(dir.path(), None).is_err());
        let file = dir.path().join("ggml-x.bin");
        std::fs::write(&file, b"lmgg").unwrap();
        assert!(matches!(needs(&file, None), Err(Error::Truncated { .. })));
    }
}
