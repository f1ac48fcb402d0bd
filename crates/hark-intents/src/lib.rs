//! The sentence-template language, its compiler and matcher, German and English sentences, numbers and replies.
