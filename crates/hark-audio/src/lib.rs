//! Audio in: decoding, resampling to 16 kHz mono, voice activity.
//!
//! [`decode_clip`] reads a whole file, [`decode_raw`] a whole clip of bare samples, and
//! [`Stream`] samples as they arrive; all end in 16 kHz mono. [`Vad`] says how much a
//! frame of that sounds like speech. Nothing here panics on what a stranger sends:
//! bad input is an [`Error`].

mod clip;
mod error;
mod flac;
mod format;
mod ogg;
mod opus;
mod resample;
mod riff;
mod stream;
mod vad;

pub use clip::{Clip, MAX_CLIP_BYTES, decode_clip, decode_raw};
pub use error::{Container, Error};
pub use format::{Encoding, Format};
pub use resample::Resampler;
pub use stream::Stream;
pub use vad::{FRAME_SAMPLES, Framer, Vad};
