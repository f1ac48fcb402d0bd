//! What the two processes say to each other: protobuf messages, each after its length.
//!
//! Both ends are the same program, so nothing here must stay compatible. Audio is given as
//! the engine takes it, in single precision: it was rounded on its way here at most once.

use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

use hark_core::Language;
use hark_core::audio::Pcm;
use hark_core::engine::{Description, Error, Job, Timings, Token, Transcription};
use prost::Message;

/// The longest message: 30 s of audio and its languages.
const MAX_BYTES: usize = 4 << 20;
/// Bytes of a message's length.
const HEAD: usize = 4;

/// The model to load, and how to run it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Load {
    /// Its folder or file.
    pub path: PathBuf,
    /// Threads that compute; 0: as many as the engine thinks fit.
    pub threads: usize,
    /// Whether to listen to all of 30 s, whatever its card says.
    pub is_full: bool,
}

/// To the engine. The first is [`Ask::Load`].
#[derive(Clone, PartialEq, prost::Oneof)]
pub(super) enum Ask {
    #[prost(message, tag = "1")]
    Load(LoadModel),
    #[prost(message, tag = "2")]
    Transcribe(Utterance),
    /// The utterance is not wanted any more.
    #[prost(uint64, tag = "3")]
    Cancel(u64),
}

/// From the engine.
#[derive(Clone, PartialEq, prost::Oneof)]
pub(super) enum Answer {
    #[prost(message, tag = "1")]
    Ready(Runs),
    /// The model can't be loaded.
    #[prost(string, tag = "2")]
    Refused(String),
    #[prost(message, tag = "3")]
    Heard(Heard),
    #[prost(message, tag = "4")]
    Failed(Failed),
}

#[derive(Clone, PartialEq, Message)]
pub(super) struct AskFrame {
    #[prost(oneof = "Ask", tags = "1, 2, 3")]
    pub ask: Option<Ask>,
}

#[derive(Clone, PartialEq, Message)]
pub(super) struct AnswerFrame {
    #[prost(oneof = "Answer", tags = "1, 2, 3, 4")]
    pub answer: Option<Answer>,
}

#[derive(Clone, PartialEq, Message)]
pub(super) struct LoadModel {
    #[prost(bytes = "vec", tag = "1")]
    path: Vec<u8>,
    #[prost(uint64, tag = "2")]
    threads: u64,
    #[prost(bool, tag = "3")]
    is_full: bool,
}

#[derive(Clone, PartialEq, Message)]
pub(super) struct Utterance {
    #[prost(uint64, tag = "1")]
    pub id: u64,
    /// 16 kHz mono samples, little-endian single precision.
    #[prost(bytes = "vec", tag = "2")]
    samples: Vec<u8>,
    #[prost(string, repeated, tag = "3")]
    languages: Vec<String>,
}

#[derive(Clone, PartialEq, Message)]
pub(super) struct Runs {
    #[prost(string, tag = "1")]
    model: String,
    #[prost(string, repeated, tag = "2")]
    languages: Vec<String>,
}

#[derive(Clone, PartialEq, Message)]
pub(super) struct Heard {
    #[prost(uint64, tag = "1")]
    pub id: u64,
    #[prost(string, tag = "2")]
    text: String,
    #[prost(string, tag = "3")]
    language: String,
    #[prost(message, repeated, tag = "4")]
    tokens: Vec<Piece>,
    #[prost(float, tag = "5")]
    avg_logprob: f32,
    #[prost(float, tag = "6")]
    no_speech_probability: f32,
    #[prost(uint64, tag = "7")]
    encode_ns: u64,
    #[prost(uint64, tag = "8")]
    decode_ns: u64,
}

#[derive(Clone, PartialEq, Message)]
pub(super) struct Piece {
    #[prost(uint32, tag = "1")]
    id: u32,
    #[prost(bytes = "vec", tag = "2")]
    bytes: Vec<u8>,
    #[prost(float, tag = "3")]
    logprob: f32,
}

#[derive(Clone, PartialEq, Message)]
pub(super) struct Failed {
    #[prost(uint64, tag = "1")]
    pub id: u64,
    #[prost(oneof = "Reason", tags = "2, 3, 4")]
    reason: Option<Reason>,
}

/// What else an engine refuses, the other side has looked for before.
#[derive(Clone, PartialEq, prost::Oneof)]
enum Reason {
    #[prost(bool, tag = "2")]
    Cancelled(bool),
    #[prost(message, tag = "3")]
    Language(UnknownLanguage),
    #[prost(string, tag = "4")]
    Broken(String),
}

#[derive(Clone, PartialEq, Message)]
struct UnknownLanguage {
    #[prost(string, tag = "1")]
    model: String,
    #[prost(string, tag = "2")]
    language: String,
    #[prost(string, tag = "3")]
    known: String,
}

impl From<&Load> for LoadModel {
    fn from(load: &Load) -> Self {
        use std::os::unix::ffi::OsStrExt as _;
        Self {
            path: load.path.as_os_str().as_bytes().to_vec(),
            threads: load.threads as u64,
            is_full: load.is_full,
        }
    }
}

impl From<LoadModel> for Load {
    fn from(load: LoadModel) -> Self {
        use std::os::unix::ffi::OsStrExt as _;
        Self {
            path: Path::new(std::ffi::OsStr::from_bytes(&load.path)).to_owned(),
            threads: usize::try_from(load.threads).unwrap_or(usize::MAX),
            is_full: load.is_full,
        }
    }
}

impl Utterance {
    pub(super) fn new(id: u64, job: &Job) -> Self {
        let samples = job.audio.samples().iter();
        Self {
            id,
            samples: samples.flat_map(|s| s.to_le_bytes()).collect(),
            languages: job.languages.iter().map(Language::to_string).collect(),
        }
    }

    pub(super) fn job(&self) -> io::Result<Job> {
        let (samples, rest) = self.samples.as_chunks::<4>();
        if !rest.is_empty() {
            return Err(invalid("the audio is no whole number of samples"));
        }
        let samples: Vec<f32> = samples.iter().map(|s| f32::from_le_bytes(*s)).collect();
        Ok(Job {
            audio: Pcm::new(samples),
            languages: languages(&self.languages)?,
        })
    }
}

impl From<Description> for Runs {
    fn from(description: Description) -> Self {
        Self {
            model: description.model,
            languages: description
                .languages
                .iter()
                .map(Language::to_string)
                .collect(),
        }
    }
}

impl Runs {
    /// What an engine of this name runs.
    pub(super) fn description(&self, engine: &'static str) -> io::Result<Description> {
        Ok(Description {
            model: self.model.clone(),
            engine,
            languages: languages(&self.languages)?,
        })
    }
}

impl Heard {
    pub(super) fn new(id: u64, heard: &Transcription) -> Self {
        let nanoseconds = |took: Duration| u64::try_from(took.as_nanos()).unwrap_or(u64::MAX);
        let piece = |token: &Token| Piece {
            id: token.id,
            bytes: token.bytes.clone(),
            logprob: token.logprob,
        };
        Self {
            id,
            text: heard.text.clone(),
            language: heard.language.to_string(),
            tokens: heard.tokens.iter().map(piece).collect(),
            avg_logprob: heard.avg_logprob,
            no_speech_probability: heard.no_speech_probability,
            encode_ns: nanoseconds(heard.timings.encode),
            decode_ns: nanoseconds(heard.timings.decode),
        }
    }

    pub(super) fn transcription(self) -> io::Result<Transcription> {
        let token = |piece: Piece| Token {
            id: piece.id,
            bytes: piece.bytes,
            logprob: piece.logprob,
        };
        Ok(Transcription {
            text: self.text,
            language: language(&self.language)?,
            tokens: self.tokens.into_iter().map(token).collect(),
            avg_logprob: self.avg_logprob,
            no_speech_probability: self.no_speech_probability,
            timings: Timings {
                encode: Duration::from_nanos(self.encode_ns),
                decode: Duration::from_nanos(self.decode_ns),
            },
        })
    }
}

impl Failed {
    pub(super) fn new(id: u64, error: Error) -> Self {
        let reason = match error {
            Error::Cancelled => Reason::Cancelled(true),
            Error::UnknownLanguage {
                model,
                language,
                known,
            } => Reason::Language(UnknownLanguage {
                model,
                language,
                known,
            }),
            Error::Broken(why) => Reason::Broken(why),
            other => Reason::Broken(other.to_string()),
        };
        Self {
            id,
            reason: Some(reason),
        }
    }

    pub(super) fn error(self) -> Error {
        match self.reason {
            Some(Reason::Cancelled(_)) => Error::Cancelled,
            Some(Reason::Language(language)) => Error::UnknownLanguage {
                model: language.model,
                language: language.language,
                known: language.known,
            },
            Some(Reason::Broken(why)) => Error::Broken(why),
            None => Error::Broken("it does not say why".to_owned()),
        }
    }
}

/// Sends a message.
pub(super) fn send(mut to: impl Write, message: &impl Message) -> io::Result<()> {
    let length = message.encoded_len();
    let head = u32::try_from(length).ok().filter(|_| length <= MAX_BYTES);
    let head = head.ok_or_else(|| invalid("the message is too long"))?;
    let mut frame = Vec::with_capacity(HEAD + length);
    frame.extend(head.to_le_bytes());
    frame.extend(message.encode_to_vec());
    to.write_all(&frame)
}

/// Reads messages, also from what gives them piece by piece.
#[derive(Debug, Default)]
pub(super) struct Reader {
    bytes: Vec<u8>,
}

impl Reader {
    /// The next message; none at an end between two. An error of `from`, like that nothing
    /// came in time, loses nothing of what had come: ask again.
    pub(super) fn next<M: Message + Default>(
        &mut self,
        mut from: impl Read,
    ) -> io::Result<Option<M>> {
        let mut piece = [0; 1 << 16];
        loop {
            if let Some(message) = self.take()? {
                return Ok(Some(message));
            }
            match from.read(&mut piece)? {
                0 if self.bytes.is_empty() => return Ok(None),
                0 => return Err(io::ErrorKind::UnexpectedEof.into()),
                read => self.bytes.extend(&piece[..read]),
            }
        }
    }

    fn take<M: Message + Default>(&mut self) -> io::Result<Option<M>> {
        let Some(head) = self.bytes.first_chunk::<HEAD>() else {
            return Ok(None);
        };
        let length = usize::try_from(u32::from_le_bytes(*head)).unwrap_or(usize::MAX);
        if length > MAX_BYTES {
            return Err(invalid("the message is too long"));
        }
        let end = HEAD + length;
        let Some(message) = self.bytes.get(HEAD..end) else {
            return Ok(None);
        };
        let message = M::decode(message).map_err(|_| invalid("the message is damaged"))?;
        self.bytes.drain(..end);
        Ok(Some(message))
    }
}

fn languages(tags: &[String]) -> io::Result<Vec<Language>> {
    tags.iter().map(|tag| language(tag)).collect()
}

fn language(tag: &str) -> io::Result<Language> {
    Language::parse(tag).map_err(|_| invalid("a language is none"))
}

fn invalid(why: &'static str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, why)
}

#[cfg(test)]
mod tests;
