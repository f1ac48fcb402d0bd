//! Compiles the proto files without protoc.

use std::path::{Path, PathBuf};

use prost::Message;

const FILES: &[&str] = &[
    "hark/v1/access.proto",
    "hark/v1/common.proto",
    "hark/v1/speech.proto",
    "hark/v1/speakers.proto",
    "hark/v1/home.proto",
    "hark/v1/cluster.proto",
    "hark/internal/v1/inference.proto",
    "hark/internal/v1/intents.proto",
    "hark/internal/v1/node.proto",
    "hark/store/v1/values.proto",
];

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../proto");
    println!("cargo::rerun-if-changed={}", root.display());
    let descriptors = protox::compile(FILES, [&root])?;
    let out = PathBuf::from(std::env::var("OUT_DIR")?);
    std::fs::write(out.join("hark.binpb"), descriptors.encode_to_vec())?;
    tonic_prost_build::configure()
        .bytes(".hark.internal.v1.TranscribeRequest.pcm16")
        .bytes(".hark.v1.AudioChunk.data")
        .bytes(".hark.v1.RecognizeRequest.audio")
        .compile_fds(descriptors)?;
    Ok(())
}
