//! Audio in: decoding, resampling to 16 kHz mono, voice activity.
