//! How many of Whisper's 1500 frames are computed for an utterance, and what stands for
//! the others.
//!
//! Whisper was trained on 30 s. A command lasts three, so nine tenths of the encoder's
//! work are spent on silence; but OpenAI's weights, given fewer frames, no longer find an
//! end. Of 90 real clips of 1 to 4 s Whisper base wrote so many exactly (greedy):
//!
//! | context | exact | endless repetitions |
//! | --- | --- | --- |
//! | 1500 frames | 42 | 0 |
//! | as long as the audio + 64, at least 256 | 33 | 12 |
//! | as long as the audio + 64 | 22 | 19 |
//!
//! With a [silence tail](SilenceTail) it writes what it writes with 1500 frames: 24 of 73
//! clips exact and 17 of 29 of another set (25 and 17), without a repetition. Every 64th
//! frame for the tail begins to fail.

use serde::{Deserialize, Serialize};

use crate::dimensions::SAMPLES_PER_FRAME;

/// A short context is a multiple of so many frames (0.32 s).
const STEP: usize = 16;
/// The most frames that one may stand for.
const MAX_EVERY: usize = 64;
/// The most frames of slack: more than Whisper has.
const MAX_SLACK: usize = 1500;

/// What the encoder listens to, and what the decoder finds after that.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Context {
    /// All of 30 s: the audio, and silence.
    Full,
    /// As long as the audio, and nothing after it: for models that were trained so.
    AsLong,
    /// As long as the audio and some slack; the decoder finds silence after it that was
    /// computed before.
    SilenceTail(SilenceTail),
}

/// Silence for the decoder that costs nothing: after an utterance's frames it finds those
/// of a near-silent clip of 30 s, at the positions that are left. One of `every` frames is
/// kept; what it stands for is added to its weight in cross-attention, as the logarithm of
/// their number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct SilenceTail {
    /// Of so many frames one is kept, 1 to 64.
    pub every: usize,
    /// Frames of 20 ms that are computed after the audio's end, 0 to 1500.
    pub slack: usize,
}

/// A frame of the silence, and how many it stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Group {
    /// Which of the kept frames.
    pub kept: usize,
    /// Frames that it stands for; at least 1.
    pub frames: usize,
}

impl Context {
    /// Frames to encode for so many samples, of `full` that there are at most.
    pub fn frames(self, samples: usize, full: usize) -> usize {
        let slack = match self {
            Self::Full => return full,
            Self::AsLong => 0,
            Self::SilenceTail(tail) => tail.slack,
        };
        let frames = samples.div_ceil(SAMPLES_PER_FRAME).max(1) + slack;
        frames.next_multiple_of(STEP).min(full)
    }
}

impl Default for SilenceTail {
    fn default() -> Self {
        Self {
            every: 16,
            slack: 48,
        }
    }
}

impl SilenceTail {
    /// Says which field has a value that it can't have, and what it may be.
    pub(crate) fn check(self) -> Result<(), (&'static str, String)> {
        let Self { every, slack } = self;
        if !(1..=MAX_EVERY).contains(&every) {
            let reason = format!("{every} is not within 1 to {MAX_EVERY}");
            return Err(("silence_tail.every", reason));
        }
        if slack > MAX_SLACK {
            let reason = format!("{slack} is not within 0 to {MAX_SLACK}");
            return Err(("silence_tail.slack", reason));
        }
        Ok(())
    }

    /// Frames that are kept of `full`: 0, `every`, 2 · `every` and so on.
    pub(crate) fn kept(self, full: usize) -> usize {
        full.div_ceil(self.every)
    }

    /// What follows after so many frames of an utterance, of `full`. Each frame that is
    /// left counts once: the first group is as long as the utterance leaves it, the last
    /// ends with the context.
    pub(crate) fn groups(self, frames: usize, full: usize) -> Vec<Group> {
        if frames >= full {
            return Vec::new();
        }
        let group = |kept: usize| Group {
            kept,
            frames: ((kept + 1) * self.every).min(full) - (kept * self.every).max(frames),
        };
        (frames / self.every..self.kept(full)).map(group).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const FULL: usize = 1500;

    #[test]
    fn a_context_is_as_long_as_it_must_be() {
        let tail = Context::SilenceTail(SilenceTail::default());
        for (context, seconds, frames) in [
            (Context::Full, 1, 1500),
            (Context::AsLong, 1, 64),
            (Context::AsLong, 3, 160),
            (Context::AsLong, 30, 1500),
            (tail, 1, 112),
            (tail, 3, 208),
            (tail, 29, 1500),
            (tail, 30, 1500),
        ] {
            assert_eq!(context.frames(seconds * 16_000, FULL), frames);
        }
        assert_eq!(Context::AsLong.frames(0, FULL), 16);
        assert_eq!(Context::AsLong.frames(1, FULL), 16);
        assert_eq!(tail.frames(usize::MAX / 2, FULL), FULL);
    }

    #[test]
    fn groups_begin_where_the_utterance_ends() {
        let tail = SilenceTail::default();
        let groups = tail.groups(208, FULL);
        assert_eq!(
            groups[0],
            Group {
                kept: 13,
                frames: 16
            }
        );
        assert_eq!(
            groups.last(),
            Some(&Group {
                kept: 93,
                frames: 12
            })
        );
        // Of a group that the utterance has begun, what is left of it.
        let cut = tail.groups(215, FULL);
        assert_eq!(
            cut[0],
            Group {
                kept: 13,
                frames: 9
            }
        );
        assert_eq!(
            cut[1],
            Group {
                kept: 14,
                frames: 16
            }
        );
        assert_eq!(
            tail.groups(1499, FULL),
            [Group {
                kept: 93,
                frames: 1
            }]
        );
        assert_eq!(tail.groups(FULL, FULL), []);
    }

    proptest! {
        #[test]
        fn every_frame_that_is_left_counts_once(
            every in 1_usize..=MAX_EVERY,
            full in 1_usize..=FULL,
            frames in 0_usize..=FULL,
        ) {
            let tail = SilenceTail { every, slack: 0 };
            let groups = tail.groups(frames.min(full), full);
            let all: usize = groups.iter().map(|g| g.frames).sum();
            prop_assert_eq!(all, full - frames.min(full));
            prop_assert!(groups.iter().all(|g| (1..=every).contains(&g.frames)));
            prop_assert!(groups.iter().all(|g| g.kept < tail.kept(full)));
            prop_assert!(groups.windows(2).all(|two| two[1].kept == two[0].kept + 1));
        }
    }

    #[test]
    fn what_makes_no_sense_is_named() {
        for (every, slack, field) in [
            (0, 0, "silence_tail.every"),
            (65, 0, "silence_tail.every"),
            (16, 1501, "silence_tail.slack"),
        ] {
            let (found, _) = SilenceTail { every, slack }.check().unwrap_err();
            assert_eq!(found, field);
        }
        assert!(SilenceTail::default().check().is_ok());
        assert!(SilenceTail { every: 1, slack: 0 }.check().is_ok());
    }
}
