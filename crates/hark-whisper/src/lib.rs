//! Whisper on candle-core: mel, vocabulary, decoding rules, the engine, and a fake engine for tests.
