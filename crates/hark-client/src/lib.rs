//! The speaker's side of Hark: streams audio, follows the results.
