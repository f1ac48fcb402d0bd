//! Requests into checked types, answers into messages.

use hark_audio::{Encoding, Format};
use hark_core::endpointing::{self, Asked};
use hark_core::principal::Kind;
use hark_core::utterance::ResumePoint;
use hark_core::{Ordinal, Principal, SessionId, SpeakerId};
use hark_proto::convert::ids;
use hark_proto::convert::time::optional_duration;
use hark_proto::v1::audio_format::Encoding as PbEncoding;
use hark_proto::v1::speech_event;
use hark_proto::v1::streaming_recognize_response::Response;
use hark_proto::{Error, ErrorCode, v1};

use crate::answer::{Answer, OnBehalf};
use crate::session::{Chunk, Event, Inbound, Outbound, Settings};
use crate::speakers::speaker_of;
use crate::words::{Reading, Word};

/// The most languages that a caller may name.
const MAX_LANGUAGES: usize = 8;
/// The most alternatives that a caller may ask for.
const MAX_ALTERNATIVES: u32 = 10;
/// The longest name of an area, in bytes.
const MAX_AREA_BYTES: usize = 200;

/// A message of a stream.
pub(super) fn inbound(
    message: v1::StreamingRecognizeRequest,
    principal: &Principal,
    home: endpointing::Config,
) -> Result<Inbound, Error> {
    use v1::streaming_recognize_request::Request;
    match message.request.ok_or_else(|| Error::missing("request"))? {
        Request::Config(config) => settings(config, principal, home)
            .map(|s| Inbound::Config(Box::new(s)))
            .map_err(|e| e.within("config")),
        Request::Audio(audio) => chunk(audio)
            .map(Inbound::Audio)
            .map_err(|e| e.within("audio")),
    }
}

fn settings(
    config: v1::StreamingConfig,
    principal: &Principal,
    home: endpointing::Config,
) -> Result<Settings, Error> {
    alternatives(config.max_alternatives)?;
    let on_behalf = OnBehalf {
        speaker: speaker(principal, &config.speaker_id)?,
        principal: principal.clone(),
        area: area(principal, config.area)?,
        session: ids::session("session_id", &config.session_id)?,
    };
    Ok(Settings {
        on_behalf,
        format: raw_format(config.format)?,
        languages: ids::languages("languages", &config.languages, MAX_LANGUAGES)?,
        single_utterance: config.single_utterance,
        transcribe_only: config.transcribe_only,
        endpointing: endpointing(config.endpointing, home).map_err(|e| e.within("endpointing"))?,
        resume: config.resume.map(resume).unwrap_or_default(),
    })
}

fn chunk(audio: v1::AudioChunk) -> Result<Chunk, Error> {
    if !audio.packets.is_empty() {
        return Err(unimplemented(
            "packets",
            "Opus is not implemented yet; send `data`",
        ));
    }
    if audio.data.is_empty() {
        return Err(Error::invalid_field("data", "is empty"));
    }
    Ok(Chunk {
        sequence: audio.sequence,
        offset_samples: audio.offset_samples,
        data: audio.data,
    })
}

fn endpointing(
    asked: Option<v1::EndpointingConfig>,
    home: endpointing::Config,
) -> Result<endpointing::Config, Error> {
    let asked = asked.unwrap_or_default();
    let asked = Asked {
        end_silence: optional_duration("end_silence", asked.end_silence)?,
        start_timeout: optional_duration("start_timeout", asked.start_timeout)?,
        max_utterance: optional_duration("max_utterance", asked.max_utterance)?,
    };
    home.with(asked).map_err(|e| {
        let range = format!("is {:?}; it must be {:?} to {:?}", e.given, e.least, e.most);
        Error::invalid_field(e.field, range)
    })
}

fn resume(point: v1::ResumePoint) -> ResumePoint {
    ResumePoint {
        ordinal: Ordinal(point.ordinal),
        offset_samples: point.offset_samples,
    }
}

/// The layout of bare samples.
fn raw_format(format: Option<v1::AudioFormat>) -> Result<Format, Error> {
    match clip_format(format)? {
        Some(format) => Ok(format),
        None => Err(Error::invalid_field(
            "format.encoding",
            "a container can't be streamed; send its samples, or use Recognizer",
        )),
    }
}

/// The layout of a clip; `None`: the clip says so itself.
pub(super) fn clip_format(format: Option<v1::AudioFormat>) -> Result<Option<Format>, Error> {
    let format = format.ok_or_else(|| Error::missing("format"))?;
    let encoding = match PbEncoding::try_from(format.encoding) {
        Ok(PbEncoding::Linear16) => Encoding::Linear16,
        Ok(PbEncoding::Float32) => Encoding::Float32,
        Ok(PbEncoding::Container) => return Ok(None),
        Ok(PbEncoding::Unspecified) => return Err(Error::missing("format.encoding")),
        Ok(other @ (PbEncoding::Mulaw | PbEncoding::Alaw | PbEncoding::Opus)) => {
            let name = other.as_str_name();
            let message = format!("{name} is not implemented yet; send ENCODING_LINEAR16");
            return Err(unimplemented("format.encoding", &message));
        }
        Err(_) => {
            let message = format!("{} is no encoding that is known here", format.encoding);
            return Err(Error::invalid_field("format.encoding", message));
        }
    };
    Format::new(encoding, format.sample_rate_hz, format.channels.max(1))
        .map(Some)
        .map_err(|e| match e {
            hark_audio::Error::Channels { .. } => {
                Error::invalid_field("format.channels", e.to_string())
            }
            _ => Error::invalid_field("format.sample_rate_hz", e.to_string()),
        })
}

/// Checks how many alternatives are asked for.
pub(super) fn alternatives(asked: u32) -> Result<(), Error> {
    if asked <= MAX_ALTERNATIVES {
        return Ok(());
    }
    let description = format!("is {asked}; at most {MAX_ALTERNATIVES} are given");
    Err(Error::invalid_field("max_alternatives", description))
}

/// The speaker that a call is about.
pub(super) fn speaker(principal: &Principal, said: &str) -> Result<Option<SpeakerId>, Error> {
    speaker_of(principal, ids::optional_speaker("speaker_id", said)?)
}

/// An area as a caller names it; the router knows what it is. A speaker that is known to
/// stand somewhere is there, whatever it says.
pub(super) fn area(principal: &Principal, said: Option<String>) -> Result<Option<String>, Error> {
    let said = checked_area(said)?;
    match principal.kind {
        Kind::Speaker => Ok(principal.area.clone().map(String::from).or(said)),
        _ => Ok(said),
    }
}

/// The name of an area, unless it is too long or says nothing.
pub(super) fn checked_area(said: Option<String>) -> Result<Option<String>, Error> {
    match said {
        Some(area) if area.len() > MAX_AREA_BYTES => {
            let description = format!("has {} bytes; at most {MAX_AREA_BYTES}", area.len());
            Err(Error::invalid_field("area", description))
        }
        other => Ok(other.filter(|area| !area.trim().is_empty())),
    }
}

/// A session that may be left out: then it is a new one.
pub(super) fn session_or_new(said: &str) -> Result<SessionId, Error> {
    match said {
        "" => Ok(SessionId(uuid::Uuid::now_v7())),
        said => ids::session("session_id", said),
    }
}

/// Languages that a caller may name.
pub(super) fn languages(said: &[String]) -> Result<Vec<hark_core::Language>, Error> {
    ids::languages("languages", said, MAX_LANGUAGES)
}

/// `UNIMPLEMENTED`, naming the field.
pub(super) fn unimplemented(field: &str, description: &str) -> Error {
    Error::new(ErrorCode::Unimplemented, "").with_violation(field, description)
}

/// What was heard, as a message.
pub(super) fn result(
    ordinal: Ordinal,
    end_offset: u64,
    readings: Vec<Reading>,
    language: hark_core::Language,
    no_speech_probability: f32,
) -> v1::RecognitionResult {
    v1::RecognitionResult {
        ordinal: ordinal.0,
        is_final: true,
        stability: 1.0,
        alternatives: readings.into_iter().map(Into::into).collect(),
        language: language.into(),
        end_offset_samples: end_offset,
        revised: false,
        no_speech_probability,
    }
}

impl From<Outbound> for v1::StreamingRecognizeResponse {
    fn from(message: Outbound) -> Self {
        Self {
            response: Some(response(message)),
        }
    }
}

fn response(message: Outbound) -> Response {
    match message {
        Outbound::Started {
            session,
            principal,
            languages,
            next_ordinal,
        } => Response::Started(v1::SessionStarted {
            session_id: session.to_string(),
            area_id: principal.area.clone().map(String::from),
            principal: Some(principal.into()),
            languages: ids::languages_to_pb(&languages),
            next_ordinal: next_ordinal.0,
        }),
        Outbound::Event {
            event,
            ordinal,
            offset,
        } => Response::Event(v1::SpeechEvent {
            kind: speech_event::Kind::from(event).into(),
            ordinal: ordinal.0,
            offset_samples: offset,
        }),
        Outbound::Result {
            ordinal,
            end_offset,
            answer,
        } => {
            let Answer {
                readings,
                language,
                no_speech_probability,
                ..
            } = *answer;
            let heard = result(
                ordinal,
                end_offset,
                readings,
                language,
                no_speech_probability,
            );
            Response::Result(heard)
        }
        Outbound::Outcome {
            ordinal,
            outcome,
            timings,
        } => Response::Outcome(v1::OutcomeResult {
            ordinal: ordinal.0,
            outcome: Some((*outcome).into()),
            timings: Some(timings.into()),
        }),
        Outbound::Acknowledged(point) => Response::Acknowledgement(v1::Acknowledgement {
            next_ordinal: point.ordinal.0,
            offset_samples: point.offset_samples,
        }),
    }
}

impl From<Event> for speech_event::Kind {
    fn from(event: Event) -> Self {
        match event {
            Event::Begin => Self::SpeechBegin,
            Event::End => Self::SpeechEnd,
            Event::NothingSaid => Self::NothingSaid,
            Event::Draining => Self::Draining,
        }
    }
}

impl From<Reading> for v1::Alternative {
    fn from(reading: Reading) -> Self {
        Self {
            transcript: reading.transcript,
            confidence: reading.confidence,
            words: reading.words.into_iter().map(Into::into).collect(),
        }
    }
}

impl From<Word> for v1::Word {
    fn from(word: Word) -> Self {
        Self {
            word: word.word,
            confidence: word.confidence,
            begin: None,
            end: None,
        }
    }
}

#[cfg(test)]
mod tests;
