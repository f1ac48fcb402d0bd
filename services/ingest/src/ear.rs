//! One stream's audio to utterances: decoding, voice activity, endpointing, and the
//! session's bookkeeping in one synchronous machine.
//!
//! It holds at most one utterance's audio and its pre-roll.

use std::time::Duration;

use hark_audio::{FRAME_SAMPLES, Format, Framer, Stream, Vad};
use hark_core::audio::Pcm;
use hark_core::endpointing::{self, EndReason, Endpointer, Event};
use hark_core::utterance::{Progress, ResumePoint, Span};
use hark_core::{Ordinal, utterance};

/// Why a message is refused.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub(crate) enum Error {
    /// It does not follow the one before.
    #[error(transparent)]
    Sequence(#[from] utterance::Error),
    /// Its audio can't be read.
    #[error(transparent)]
    Audio(#[from] hark_audio::Error),
}

/// What a message made known.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Heard {
    /// An utterance began.
    Begin(Span),
    /// It ended.
    Spoken(Spoken),
    /// Nobody said anything, up to this place of the session.
    Nothing {
        /// The ordinal that an utterance would have had.
        ordinal: Ordinal,
        /// Where that was decided.
        offset: u64,
    },
}

/// An utterance.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Spoken {
    /// Where it lies in its session.
    pub span: Span,
    /// Its audio, pre-roll included.
    pub audio: Pcm,
    /// Why it ended.
    pub reason: EndReason,
    /// From the first speech to the last.
    pub speech: Duration,
    /// Silence waited for after that.
    pub silence: Duration,
}

/// Hears one stream.
pub(crate) struct Ear {
    format: Format,
    stream: Option<Stream>,
    framer: Framer,
    vad: Vad,
    endpointer: Endpointer,
    progress: Progress,
    open: Option<Span>,
    /// The stream's last samples at 16 kHz, and the place of the first of them.
    buffer: Vec<f32>,
    buffer_from: u64,
}

impl Ear {
    /// One that has heard nothing yet.
    pub(crate) fn new(
        format: Format,
        endpointing: &endpointing::Config,
        resume: ResumePoint,
    ) -> Self {
        Self {
            format,
            stream: Some(Stream::new(format)),
            framer: Framer::default(),
            vad: Vad::new(),
            endpointer: Endpointer::new(endpointing),
            progress: Progress::new(format.rate_hz(), resume),
            open: None,
            buffer: Vec::new(),
            buffer_from: 0,
        }
    }

    /// Takes a message of audio and says what it made known.
    ///
    /// # Errors
    /// [`Error`]; the stream can't go on after that.
    pub(crate) fn hear(
        &mut self,
        sequence: u64,
        offset: u64,
        data: &[u8],
    ) -> Result<Vec<Heard>, Error> {
        let Some(stream) = &mut self.stream else {
            return Ok(Vec::new());
        };
        let samples = self.format.frames_in(data.len())?;
        self.progress.accept(sequence, offset, samples as u64)?;
        let mut resampled = Vec::new();
        stream.push(data, &mut resampled)?;
        let heard = self.frames(&resampled);
        self.forget();
        Ok(heard)
    }

    /// The speaker sends no more: says what that made known.
    pub(crate) fn finish(&mut self) -> Vec<Heard> {
        let Some(stream) = self.stream.take() else {
            return Vec::new();
        };
        let mut resampled = Vec::new();
        stream.finish(&mut resampled);
        let mut heard = self.frames(&resampled);
        let total = self.buffer_from + self.buffer.len() as u64;
        if let Some((frame, _)) = std::mem::take(&mut self.framer).finish() {
            heard.extend(self.frame(&frame));
        }
        let event = self.endpointer.finish(total);
        heard.extend(event.and_then(|e| self.event(e)));
        heard
    }

    /// How long so many bytes of audio last.
    pub(crate) fn duration(&self, bytes: usize) -> Duration {
        let samples = bytes / self.format.frame_bytes();
        Duration::from_secs(samples as u64) / self.format.rate_hz()
    }

    /// Whether so many samples of the session are a second or more.
    pub(crate) fn is_long(&self, samples: u64) -> bool {
        samples >= u64::from(self.format.rate_hz())
    }

    /// Whether an utterance is open.
    pub(crate) fn is_speaking(&self) -> bool {
        self.open.is_some()
    }

    /// The ordinal of the next utterance.
    pub(crate) fn next_ordinal(&self) -> Ordinal {
        self.progress.next_ordinal()
    }

    /// An utterance is dealt with.
    pub(crate) fn settle(&mut self, ordinal: Ordinal) {
        self.progress.settle(ordinal);
    }

    /// Where the session could go on; what is before need not be kept.
    pub(crate) fn acknowledged(&self) -> ResumePoint {
        self.progress.acknowledged(self.endpointer.needed_from())
    }

    fn frames(&mut self, samples: &[f32]) -> Vec<Heard> {
        self.buffer.extend_from_slice(samples);
        let frames = self.framer.push(samples);
        frames.iter().filter_map(|f| self.frame(f)).collect()
    }

    fn frame(&mut self, frame: &[f32; FRAME_SAMPLES]) -> Option<Heard> {
        let probability = self.vad.predict(frame);
        let event = self.endpointer.push(probability)?;
        self.event(event)
    }

    fn event(&mut self, event: Event) -> Option<Heard> {
        match event {
            Event::Begin { at } => {
                let span = self.progress.begin(at);
                self.open = Some(span);
                // The place at 16 kHz is what the audio is cut by.
                self.drop_before(at);
                Some(Heard::Begin(span))
            }
            Event::End(end) => {
                let mut span = self.open.take()?;
                span.end = self.progress.in_session(end.at);
                Some(Heard::Spoken(Spoken {
                    span,
                    audio: self.take_until(end.at),
                    reason: end.reason,
                    speech: end.speech,
                    silence: end.silence,
                }))
            }
            Event::NothingSaid { at } => Some(Heard::Nothing {
                ordinal: self.progress.next_ordinal(),
                offset: self.progress.in_session(at),
            }),
        }
    }

    /// The buffered audio up to a place; the buffer goes on from there.
    fn take_until(&mut self, at: u64) -> Pcm {
        let len = self.index(at);
        let audio = Pcm::new(&self.buffer[..len]);
        self.drop_before(at);
        audio
    }

    fn forget(&mut self) {
        self.drop_before(self.endpointer.needed_from());
    }

    fn drop_before(&mut self, at: u64) {
        let len = self.index(at);
        self.buffer.drain(..len);
        self.buffer_from += len as u64;
    }

    fn index(&self, at: u64) -> usize {
        let index = usize::try_from(at.saturating_sub(self.buffer_from)).unwrap_or(usize::MAX);
        index.min(self.buffer.len())
    }
}

#[cfg(test)]
mod tests;
