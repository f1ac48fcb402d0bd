//! Endpointing: where an utterance begins and ends, from speech probabilities alone.
//!
//! A pure policy over 16 ms frames: it is fed one speech probability a frame and says
//! when speech begins and ends. It holds no audio and reads no clock.
