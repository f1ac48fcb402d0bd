//! A model's file on its way to whisper.cpp: looked at by our own reader first, which says
//! what is wrong with it where whisper.cpp would abort or read past its end.

use std::path::{Path, PathBuf};

use hark_whisper::quant::Format;
use hark_whisper::{Card, Checkpoint, Dimensions, Layout, Vocabulary, locate};
use whisper_rs::{WhisperContext, WhisperContextParameters};

use crate::Error;

/// A model that whisper.cpp holds, and what it does not tell of it.
pub(crate) struct Loaded {
    pub context: WhisperContext,
    pub card: Card,
    pub dimensions: Dimensions,
    pub vocabulary: Vocabulary,
}

/// Loads a model of any layout that Hark reads. whisper.cpp reads `ggml-*.bin` itself; what
/// it can't run (other layouts, single precision) is written for it in half precision, in
/// memory.
pub(crate) fn load(path: &Path) -> Result<Loaded, Error> {
    check_processor()?;
    whisper_rs::install_logging_hooks();
    let (file, _) = locate(path)?;
    let checkpoint = Checkpoint::open(path)?;
    let card = checkpoint.card().clone();
    if card.sha256.is_empty() {
        // Nothing vouches for the values.
        checkpoint.check(|_, _| ())?;
    }
    let (dimensions, vocabulary) = (*checkpoint.dimensions(), checkpoint.vocabulary().clone());
    let context = match is_native(&checkpoint) {
        true => {
            drop(checkpoint);
            open(file)?
        }
        false => convert(file, &checkpoint)?,
    };
    Ok(Loaded {
        context,
        card,
        dimensions,
        vocabulary,
    })
}

/// whisper.cpp 1.8 loads a file of single precision, and ends at its first convolution.
fn is_native(checkpoint: &Checkpoint) -> bool {
    let is_single = checkpoint.formats().first().is_some_and(|f| f == "f32");
    checkpoint.layout() == Layout::Ggml && !is_single
}

fn open(path: PathBuf) -> Result<WhisperContext, Error> {
    WhisperContext::new_with_params(&path, parameters())
        .map_err(|reason| Error::Load { path, reason })
}

fn convert(path: PathBuf, checkpoint: &Checkpoint) -> Result<WhisperContext, Error> {
    let mut written = Vec::new();
    checkpoint.write_ggml(&mut written, Format::F16)?;
    WhisperContext::new_from_buffer_with_params(&written, parameters())
        .map_err(|reason| Error::Load { path, reason })
}

/// Without flash attention: with it and a short context, the decoder attends to what the
/// utterance before left behind.
fn parameters() -> WhisperContextParameters<'static> {
    let mut parameters = WhisperContextParameters::default();
    parameters.use_gpu(false).flash_attn(false);
    parameters
}

/// Says what the build uses and this machine lacks, before it is an illegal instruction.
fn check_processor() -> Result<(), Error> {
    #[cfg(target_arch = "x86_64")]
    {
        let built = whisper_rs::SystemInfo::default();
        let missing: Vec<&str> = [
            ("AVX", built.avx, is_x86_feature_detected!("avx")),
            ("AVX2", built.avx2, is_x86_feature_detected!("avx2")),
            ("FMA", built.fma, is_x86_feature_detected!("fma")),
            ("F16C", built.f16c, is_x86_feature_detected!("f16c")),
        ]
        .into_iter()
        .filter_map(|(name, needed, there)| (needed && !there).then_some(name))
        .collect();
        if !missing.is_empty() {
            let missing = missing.join(", ");
            return Err(Error::Processor { missing });
        }
    }
    Ok(())
}
