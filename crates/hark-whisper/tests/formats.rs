//! The bundled model in every format that can be read: they must all write the same.
#![allow(clippy::unwrap_used, reason = "a test that panics has failed")]

mod common;

use std::path::{Path, PathBuf};

use common::{clips, data, hugging_face, nano};
use half::f16;
use hark_core::engine::{Cancel, Engine, Job};
use hark_whisper::quant::Format;
use hark_whisper::{CandleEngine, Checkpoint, Model, Settings};

/// A model file taken apart.
struct Parts {
    /// All that comes before the tensors.
    head: Vec<u8>,
    vocabulary: Vec<Vec<u8>>,
    tensors: Vec<Tensor>,
}

struct Tensor {
    name: String,
    /// Innermost dimension first, as ggml writes it.
    shape: Vec<usize>,
    values: Vec<f32>,
}

fn number(file: &[u8], at: &mut usize) -> usize {
    let number = i32::from_le_bytes(file[*at..*at + 4].try_into().unwrap());
    *at += 4;
    usize::try_from(number).unwrap()
}

fn bytes<'a>(file: &'a [u8], at: &mut usize, length: usize) -> &'a [u8] {
    *at += length;
    &file[*at - length..*at]
}

fn take_apart(file: &[u8]) -> Parts {
    // Magic, eleven sizes, the filters' own two, the filters.
    let mut at = 14 * 4 + 80 * 201 * 4;
    let count = number(file, &mut at);
    let vocabulary = (0..count).map(|_| {
        let length = number(file, &mut at);
        bytes(file, &mut at, length).to_vec()
    });
    let vocabulary = vocabulary.collect();
    let head = file[..at].to_vec();
    let mut tensors = Vec::new();
    while at < file.len() {
        let (rank, length) = (number(file, &mut at), number(file, &mut at));
        let format = Format::from_ggml(number(file, &mut at) as i32).unwrap();
        let shape: Vec<_> = (0..rank).map(|_| number(file, &mut at)).collect();
        let name = String::from_utf8(bytes(file, &mut at, length).to_vec()).unwrap();
        let size = format.bytes_of(shape.iter().product()).unwrap();
        let values = format.read(bytes(file, &mut at, size));
        tensors.push(Tensor {
            name,
            shape,
            values,
        });
    }
    Parts {
        head,
        vocabulary,
        tensors,
    }
}

/// A block of 32 values as ggml's reference quantises it.
fn block(format: Format, x: &[f32]) -> Vec<u8> {
    let low = x.iter().copied().fold(f32::INFINITY, f32::min);
    let high = x.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let extreme = if high > -low { high } else { low };
    let (scale, base, levels) = match format {
        Format::Q4_0 => (extreme / -8.0, extreme, 16_u32),
        Format::Q5_0 => (extreme / -16.0, extreme, 32),
        _ => ((high - low) / 31.0, low, 32),
    };
    let mut bytes = f16::from_f32(scale).to_le_bytes().to_vec();
    if format == Format::Q5_1 {
        bytes.extend(f16::from_f32(low).to_le_bytes());
    }
    let inverse = if scale == 0.0 { 0.0 } else { 1.0 / scale };
    let quants: Vec<u32> = x
        .iter()
        .map(|v| (((v - base) * inverse).round() as u32).min(levels - 1))
        .collect();
    if levels == 32 {
        let fifth = quants.iter().zip(0..).map(|(q, i)| (q >> 4) << i);
        bytes.extend(fifth.sum::<u32>().to_le_bytes());
    }
    bytes.extend((0..16).map(|i| ((quants[i] & 15) | ((quants[i + 16] & 15) << 4)) as u8));
    bytes
}

/// The same model with its matrices in another format.
fn rewrite(parts: &Parts, number: i32) -> Vec<u8> {
    let mut file = parts.head.clone();
    for tensor in &parts.tensors {
        // As whisper.cpp's quantiser does, vectors and convolutions are left alone.
        let matrix = tensor.shape.len() == 2 && tensor.name.ends_with("weight");
        let number = if matrix { number } else { 0 };
        let sizes = [tensor.shape.len(), tensor.name.len(), number as usize];
        for size in sizes.iter().chain(&tensor.shape) {
            file.extend((*size as i32).to_le_bytes());
        }
        file.extend(tensor.name.as_bytes());
        match Format::from_ggml(number).unwrap() {
            Format::F32 => file.extend(tensor.values.iter().flat_map(|v| v.to_le_bytes())),
            Format::F16 => {
                let halves = tensor.values.iter().map(|&v| f16::from_f32(v));
                file.extend(halves.flat_map(f16::to_le_bytes));
            }
            format => {
                let blocks = tensor.values.chunks_exact(32);
                file.extend(blocks.flat_map(|x| block(format, x)));
            }
        }
    }
    file
}

fn parts() -> Parts {
    take_apart(&std::fs::read(nano().join("ggml-hark-nano-q8_0.bin")).unwrap())
}

/// What the model at a path makes of the clips, and how sure it is.
fn texts(path: &Path) -> Vec<(String, f32)> {
    let mut engine = CandleEngine::new(Model::load(path).unwrap(), Settings::default());
    let clips = clips(&data().join("clips.tsv"));
    let job = |clip: &common::Clip| Job {
        audio: clip.audio.clone(),
        languages: vec![clip.language.clone()],
    };
    clips
        .iter()
        .map(|clip| engine.transcribe(&job(clip), &Cancel::default()).unwrap())
        .map(|heard| (heard.text, heard.avg_logprob))
        .collect()
}

/// A block as ggml's file has it is a block as we write it.
#[test]
fn the_bundled_model_is_written_as_it_was_read() {
    let dir = tempfile::tempdir().unwrap();
    let checkpoint = Checkpoint::open(&nano()).unwrap();
    let mut written = Vec::new();
    checkpoint.write_ggml(&mut written, Format::Q8_0).unwrap();
    let (before, after) = (parts(), take_apart(&written));
    assert_eq!(before.head, after.head);
    assert_eq!(before.tensors.len(), after.tensors.len());
    for tensor in &after.tensors {
        let same = |other: &&Tensor| other.name == tensor.name;
        let expect = before.tensors.iter().find(same).unwrap();
        assert_eq!(expect.shape, tensor.shape, "{}", tensor.name);
        assert!(expect.values == tensor.values, "{} differs", tensor.name);
    }
    // And once more, to the byte.
    let path = write(dir.path(), "ggml-again.bin", &written);
    let mut again = Vec::new();
    let checkpoint = Checkpoint::open(&path).unwrap();
    checkpoint.write_ggml(&mut again, Format::Q8_0).unwrap();
    assert!(written == again);
}

#[test]
fn every_format_that_we_write_writes_the_same() {
    let dir = tempfile::tempdir().unwrap();
    let checkpoint = Checkpoint::open(&nano()).unwrap();
    let clips = clips(&data().join("clips.tsv"));
    for format in [Format::F32, Format::F16, Format::Q5_0, Format::Q5_1] {
        let path = dir.path().join("ggml-nano.bin");
        let mut file = std::fs::File::create(&path).unwrap();
        checkpoint.write_ggml(&mut file, format).unwrap();
        for (clip, (text, _)) in clips.iter().zip(texts(&path)) {
            assert_eq!(text, clip.text, "{format:?}");
        }
    }
}

fn write(dir: &Path, name: &str, content: &[u8]) -> PathBuf {
    let path = dir.join(name);
    std::fs::write(&path, content).unwrap();
    path
}

#[test]
fn every_ggml_format_writes_the_same() {
    let dir = tempfile::tempdir().unwrap();
    let parts = parts();
    let clips = clips(&data().join("clips.tsv"));
    for number in [0, 1, 2, 6, 7] {
        let path = write(dir.path(), "ggml-nano.bin", &rewrite(&parts, number));
        for (clip, (text, _)) in clips.iter().zip(texts(&path)) {
            // With four bits so small a model may slip; more must not.
            if number == 2 {
                let shared = text.split(' ').filter(|w| clip.text.contains(w)).count();
                assert!(shared >= 3, "q4_0: {text}");
            } else {
                assert_eq!(text, clip.text, "format {number}");
            }
        }
    }
}

#[test]
fn a_hugging_face_directory_is_the_same_model() {
    let dir = tempfile::tempdir().unwrap();
    let parts = parts();
    let nano = Model::load(&nano()).unwrap();
    let tensors = parts.tensors.iter().map(|tensor| {
        let mut shape = tensor.shape.clone();
        shape.reverse();
        (tensor.name.clone(), shape, tensor.values.clone())
    });
    hugging_face::write(dir.path(), nano.dimensions(), &parts.vocabulary, tensors);
    let ggml = write(dir.path(), "ggml-nano.bin", &rewrite(&parts, 0));
    for (a, b) in texts(dir.path()).into_iter().zip(texts(&ggml)) {
        assert_eq!(a.0, b.0);
        // The file's mel filters are rounded otherwise than those we compute.
        assert!((a.1 - b.1).abs() < 1e-5, "{} {} {}", a.0, a.1, b.1);
    }
}
