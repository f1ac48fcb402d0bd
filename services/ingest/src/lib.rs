//! Hears speakers: audio in, utterances out.
