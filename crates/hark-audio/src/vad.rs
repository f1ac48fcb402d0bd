//! Voice activity: how much 16 ms of audio sound like speech.
//!
//! The detector is earshot's small network (pure Rust, about 8 KiB of state a stream).

use earshot::Detector;

/// Samples of a frame: 16 ms at 16 kHz.
pub const FRAME_SAMPLES: usize = 256;

/// Hears speech in a stream of frames. One for each stream: it remembers.
pub struct Vad {
    detector: Box<Detector>,
}

impl Vad {
    /// A detector that has heard nothing yet.
    pub fn new() -> Self {
        Self {
            detector: Box::default(),
        }
    }

    /// The probability that the next frame is speech, 0 to 1. Samples beyond full
    /// scale are clipped.
    pub fn predict(&mut self, frame: &[f32; FRAME_SAMPLES]) -> f32 {
        let clipped = frame.map(|s| s.clamp(-1.0, 1.0));
        self.detector.predict_f32(&clipped).clamp(0.0, 1.0)
    }
}

impl Default for Vad {
    fn default() -> Self {
        Self::new()
    }
}

/// Cuts a stream of samples into frames.
#[derive(Debug, Default)]
pub struct Framer {
    pending: Vec<f32>,
}

impl Framer {
    /// Takes more samples and gives the frames that are now whole.
    pub fn push(&mut self, samples: &[f32]) -> Vec<[f32; FRAME_SAMPLES]> {
        self.pending.extend_from_slice(samples);
        let (frames, rest) = self.pending.as_chunks::<FRAME_SAMPLES>();
        let (frames, rest) = (frames.to_vec(), rest.to_vec());
        self.pending = rest;
        frames
    }

    /// The stream is over: what is left, filled up with silence, and how many of its
    /// samples are real.
    pub fn finish(self) -> Option<([f32; FRAME_SAMPLES], usize)> {
        if self.pending.is_empty() {
            return None;
        }
        let mut frame = [0.0; FRAME_SAMPLES];
        frame[..self.pending.len()].copy_from_slice(&self.pending);
        Some((frame, self.pending.len()))
    }
}
