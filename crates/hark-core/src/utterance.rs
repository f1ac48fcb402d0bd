//! The bookkeeping of a session: which message comes next, which ordinal an utterance
//! gets, where it lies in the session, and what the speaker need not keep any more.
//!
//! Two counts of samples meet here. The *session's* are those of the speaker, at its own
//! rate, from where the session began; the *stream's* are those at
//! [`SAMPLE_RATE_HZ`], from where this stream began.

use std::collections::VecDeque;

use crate::audio::SAMPLE_RATE_HZ;
use crate::ids::Ordinal;

/// Where a session goes on.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ResumePoint {
    /// The ordinal of the next utterance.
    pub ordinal: Ordinal,
    /// The first sample that will be sent, of the session's.
    pub offset_samples: u64,
}

/// Where an utterance lies in its session.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Span {
    /// Its number.
    pub ordinal: Ordinal,
    /// Its first sample, of the session's.
    pub begin: u64,
    /// The sample after its last, of the session's.
    pub end: u64,
}

/// A message does not follow the one before.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// Its number is wrong.
    #[error("this message has sequence {got}; {expected} comes next")]
    Sequence {
        /// The number that comes next.
        expected: u64,
        /// The number it has.
        got: u64,
    },
    /// Its place is wrong.
    #[error("this message begins at sample {got} of the session; {expected} comes next")]
    Offset {
        /// The sample that comes next.
        expected: u64,
        /// The sample it begins with.
        got: u64,
    },
}

/// A session's progress.
#[derive(Debug, Clone)]
pub struct Progress {
    rate_hz: u32,
    /// Where the stream begins in the session.
    base: u64,
    sequence: u64,
    /// Samples of the session that this stream brought.
    received: u64,
    next: Ordinal,
    /// Utterances that began and are not settled, in their order, with their begin in
    /// the session.
    open: VecDeque<(Ordinal, u64)>,
}

impl Progress {
    /// A stream of a session whose speaker sends `rate_hz` samples a second.
    pub fn new(rate_hz: u32, resume: ResumePoint) -> Self {
        Self {
            rate_hz,
            base: resume.offset_samples,
            sequence: 0,
            received: 0,
            next: resume.ordinal,
            open: VecDeque::new(),
        }
    }

    /// Takes note of a message with so many samples of one channel.
    ///
    /// # Errors
    /// [`Error`] if it does not follow the one before; nothing changes then.
    pub fn accept(&mut self, sequence: u64, offset: u64, samples: u64) -> Result<(), Error> {
        let (expected, got) = (self.sequence, sequence);
        if expected != got {
            return Err(Error::Sequence { expected, got });
        }
        let (expected, got) = (self.base.saturating_add(self.received), offset);
        if expected != got {
            return Err(Error::Offset { expected, got });
        }
        self.sequence += 1;
        self.received += samples;
        Ok(())
    }

    /// The ordinal of the next utterance.
    pub fn next_ordinal(&self) -> Ordinal {
        self.next
    }

    /// Utterances that began and are not settled.
    pub fn open(&self) -> usize {
        self.open.len()
    }

    /// Where a sample of the stream lies in the session, rounded down; never beyond what
    /// was received.
    pub fn in_session(&self, stream_sample: u64) -> u64 {
        let scaled =
            u128::from(stream_sample) * u128::from(self.rate_hz) / u128::from(SAMPLE_RATE_HZ);
        let scaled = u64::try_from(scaled).unwrap_or(u64::MAX);
        self.base.saturating_add(scaled.min(self.received))
    }

    /// An utterance begins at a sample of the stream.
    pub fn begin(&mut self, stream_sample: u64) -> Span {
        let begin = self.in_session(stream_sample);
        let ordinal = self.next;
        self.next = ordinal.next();
        self.open.push_back((ordinal, begin));
        Span {
            ordinal,
            begin,
            end: begin,
        }
    }

    /// An utterance is dealt with, whatever came of it.
    pub fn settle(&mut self, ordinal: Ordinal) {
        self.open.retain(|(open, _)| *open != ordinal);
    }

    /// Where the session could go on: what is before is not needed any more.
    /// `needed_from` is the first sample of the stream that an utterance still to come
    /// may have.
    pub fn acknowledged(&self, needed_from: u64) -> ResumePoint {
        match self.open.front() {
            Some((ordinal, begin)) => ResumePoint {
                ordinal: *ordinal,
                offset_samples: *begin,
            },
            None => ResumePoint {
                ordinal: self.next,
                offset_samples: self.in_session(needed_from),
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn session(rate_hz: u32) -> Progress {
        Progress::new(rate_hz, ResumePoint::default())
    }

    #[test]
    fn a_message_follows_the_one_before() {
        let mut progress = session(16_000);
        progress.accept(0, 0, 320).unwrap();
        let error = progress.accept(2, 320, 320).unwrap_err();
        assert_eq!(
            error.to_string(),
            "this message has sequence 2; 1 comes next"
        );
        let gap = Error::Offset {
            expected: 320,
            got: 640,
        };
        assert_eq!(progress.accept(1, 640, 320), Err(gap));
        progress.accept(1, 320, 0).unwrap();
        progress.accept(2, 320, 320).unwrap();
    }

    #[test]
    fn a_session_goes_on_where_it_was() {
        let resume = ResumePoint {
            ordinal: Ordinal(7),
            offset_samples: 48_000,
        };
        let mut progress = Progress::new(48_000, resume);
        assert!(progress.accept(0, 0, 480).is_err());
        progress.accept(0, 48_000, 48_000).unwrap();
        let span = progress.begin(8_000);
        assert_eq!((span.ordinal, span.begin), (Ordinal(7), 72_000));
        assert_eq!(progress.next_ordinal(), Ordinal(8));
    }

    #[test]
    fn what_an_open_utterance_needs_is_not_acknowledged() {
        let mut progress = session(8_000);
        progress.accept(0, 0, 80_000).unwrap();
        let first = progress.begin(16_000);
        let second = progress.begin(48_000);
        let at = |ordinal, offset_samples| ResumePoint {
            ordinal,
            offset_samples,
        };
        assert_eq!(progress.acknowledged(100_000), at(Ordinal(0), 8_000));
        progress.settle(first.ordinal);
        assert_eq!(progress.acknowledged(100_000), at(Ordinal(1), 24_000));
        progress.settle(second.ordinal);
        assert_eq!(progress.acknowledged(100_000), at(Ordinal(2), 50_000));
        assert_eq!(progress.open(), 0);
    }

    proptest! {
        #[test]
        fn places_stay_within_what_was_received(
            rate in 8_000_u32..=48_000,
            base in 0_u64..1 << 50,
            received in 0_u64..1 << 30,
            sample in any::<u64>(),
        ) {
            let resume = ResumePoint { ordinal: Ordinal(0), offset_samples: base };
            let mut progress = Progress::new(rate, resume);
            progress.accept(0, base, received).unwrap();
            let place = progress.in_session(sample);
            prop_assert!((base..=base + received).contains(&place));
        }

        #[test]
        fn acknowledgements_never_go_back(steps in prop::collection::vec(0_u8..4, 1..60)) {
            let mut progress = session(16_000);
            let (mut now, mut last, mut settled) = (0_u64, ResumePoint::default(), 0);
            for (i, step) in steps.into_iter().enumerate() {
                progress.accept(i as u64, now, 1_600).unwrap();
                now += 1_600;
                match step {
                    0 => { progress.begin(now); }
                    1 if settled < progress.next_ordinal().0 => {
                        progress.settle(Ordinal(settled));
                        settled += 1;
                    }
                    _ => {}
                }
                let ack = progress.acknowledged(now);
                prop_assert!(ack.ordinal >= last.ordinal);
                prop_assert!(ack.offset_samples >= last.offset_samples);
                last = ack;
            }
        }
    }
}
