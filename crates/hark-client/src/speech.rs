//! A session of speech: audio goes out, events come in.

use std::time::Duration;

use bytes::Bytes;
use futures_util::{Stream, StreamExt};
use hark_core::language::Language;
use hark_core::{Ordinal, SessionId, SpeakerId};
use hark_proto::v1::speech_client::SpeechClient;
use hark_proto::v1::{self, StreamingRecognizeRequest, streaming_recognize_request as request};
use tonic::Streaming;

use crate::audio::{Chunker, Encoding, Format};
use crate::{Client, Error};

mod collect;
mod event;

pub use collect::{Collector, Utterance};
pub(crate) use event::heard;
pub use event::{Event, Heard};

/// How a session is to be heard.
#[derive(Debug, Clone)]
pub struct Listen {
    /// The session.
    pub session: SessionId,
    /// The speaker; `None`: whoever the server takes the caller for.
    pub speaker: Option<SpeakerId>,
    /// The area that commands without a room are for: id or name.
    pub area: Option<String>,
    /// How the audio is encoded.
    pub format: Format,
    /// Languages that may be spoken, most likely first; none: the home's.
    pub languages: Vec<Language>,
    /// Stop after the first utterance.
    pub single_utterance: bool,
    /// Words only: nothing is done.
    pub transcribe_only: bool,
    /// Where the session goes on: the next utterance's ordinal and the first sample.
    pub resume: Option<(Ordinal, u64)>,
    /// Silence after which an utterance has ended; `None`: the home's.
    pub end_silence: Option<Duration>,
}

impl Listen {
    /// A new session of [`Format::NATIVE`] audio, with everything else left to the home.
    pub fn new(session: SessionId) -> Self {
        Self {
            session,
            speaker: None,
            area: None,
            format: Format::NATIVE,
            languages: Vec::new(),
            single_utterance: false,
            transcribe_only: false,
            resume: None,
            end_silence: None,
        }
    }

    fn message(&self) -> v1::StreamingConfig {
        let endpointing = self.end_silence.map(|silence| v1::EndpointingConfig {
            end_silence: Some(hark_proto::convert::time::duration_to_pb(silence)),
            ..Default::default()
        });
        v1::StreamingConfig {
            session_id: self.session.to_string(),
            speaker_id: self.speaker.clone().map(String::from).unwrap_or_default(),
            area: self.area.clone(),
            format: Some(self.format.message()),
            languages: hark_proto::convert::ids::languages_to_pb(&self.languages),
            single_utterance: self.single_utterance,
            transcribe_only: self.transcribe_only,
            endpointing,
            resume: self
                .resume
                .map(|(ordinal, offset_samples)| v1::ResumePoint {
                    ordinal: ordinal.0,
                    offset_samples,
                }),
            ..Default::default()
        }
    }
}

impl Format {
    pub(crate) fn message(self) -> v1::AudioFormat {
        let encoding = match self.encoding() {
            Encoding::Linear16 => v1::audio_format::Encoding::Linear16,
            Encoding::Float32 => v1::audio_format::Encoding::Float32,
        };
        v1::AudioFormat {
            encoding: encoding.into(),
            sample_rate_hz: self.sample_rate_hz(),
            channels: self.channels(),
        }
    }
}

impl Client {
    /// Opens a session. `audio` gives encoded samples in pieces of any size, at its own
    /// speed; it is read only as fast as the server takes it, and where it ends, the
    /// speaker has nothing more to say.
    ///
    /// # Errors
    /// [`Error::Server`] where the server refuses the session at once; what it refuses
    /// later comes from [`Session::next`].
    pub async fn listen(
        &self,
        listen: &Listen,
        audio: impl Stream<Item = Bytes> + Send + 'static,
    ) -> Result<Session, Error> {
        let offset = listen.resume.map_or(0, |(_, offset)| offset);
        let chunker = Chunker::new(listen.format, offset);
        let config = StreamingRecognizeRequest {
            request: Some(request::Request::Config(listen.message())),
        };
        let requests = futures_util::stream::iter([config]).chain(messages(chunker, audio));
        let mut client = SpeechClient::new(self.channel());
        let call = client.streaming_recognize(requests);
        Ok(Session {
            responses: self.within_deadline(call).await?,
            longest_silence: self.longest_silence,
        })
    }
}

/// An open session, seen from the speaker.
#[derive(Debug)]
pub struct Session {
    responses: Streaming<v1::StreamingRecognizeResponse>,
    longest_silence: Duration,
}

impl Session {
    /// What happens next; `None` once the session has ended.
    ///
    /// # Errors
    /// [`Error::Server`], [`Error::Silent`] or [`Error::Protocol`]; the session is over
    /// then.
    pub async fn next(&mut self) -> Result<Option<Event>, Error> {
        let message = tokio::time::timeout(self.longest_silence, self.responses.message());
        match message.await {
            Ok(message) => message?.map(Event::try_from).transpose(),
            Err(_) => Err(Error::Silent(self.longest_silence)),
        }
    }
}

fn messages(
    chunker: Chunker,
    audio: impl Stream<Item = Bytes> + Send + 'static,
) -> impl Stream<Item = StreamingRecognizeRequest> + Send + 'static {
    let state = (chunker, Some(Box::pin(audio)));
    futures_util::stream::unfold(state, |(mut chunker, mut audio)| async move {
        loop {
            if let Some(chunk) = chunker.next_chunk() {
                return Some((message(chunk), (chunker, audio)));
            }
            let Some(source) = &mut audio else {
                return chunker.finish().map(|c| (message(c), (chunker, audio)));
            };
            match source.next().await {
                Some(bytes) => chunker.push(&bytes),
                None => audio = None,
            }
        }
    })
}

fn message(chunk: crate::audio::Chunk) -> StreamingRecognizeRequest {
    let audio = v1::AudioChunk {
        sequence: chunk.sequence,
        offset_samples: chunk.offset_samples,
        data: chunk.data,
        packets: Vec::new(),
    };
    StreamingRecognizeRequest {
        request: Some(request::Request::Audio(audio)),
    }
}
