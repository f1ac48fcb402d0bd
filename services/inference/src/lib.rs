//! Turns audio into words.
