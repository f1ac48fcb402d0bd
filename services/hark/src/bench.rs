//! How fast this machine hears: the same clips again and again, models and lengths by
//! turns, so that what disturbs one run does not fall on one of them alone.

use std::path::Path;
use std::time::{Duration, Instant};

use hark_core::Language;
use hark_core::audio::{Pcm, SAMPLE_RATE_HZ};
use hark_core::engine::{Cancel, Description, Engine, Job};
use hark_whisper::{CandleEngine, Model, Settings};

use crate::clips::CLIPS;

/// How long the clips are, in seconds.
pub const LENGTHS_S: [usize; 4] = [1, 2, 3, 5];
/// A median of fewer runs says little.
const FEWEST_ROUNDS: usize = 5;
/// Memory for samples has an end, too.
const MOST_ROUNDS: usize = 10_000;

/// A model that is measured.
pub struct Subject {
    /// What it is.
    pub description: Description,
    /// How long reading it took.
    pub loading: Duration,
    engine: Box<dyn Engine>,
}

/// What was measured of one model.
#[derive(Debug, Clone)]
pub struct Measured {
    /// What it is.
    pub description: Description,
    /// How long reading it took.
    pub loading: Duration,
    /// By length, as in [`LENGTHS_S`].
    pub clips: Vec<Clip>,
}

/// What was measured of clips of one length.
#[derive(Debug, Clone)]
pub struct Clip {
    /// How long it is.
    pub audio: Duration,
    /// How many runs there were.
    pub runs: usize,
    /// Features and encoder.
    pub encode: Spread,
    /// Decoder.
    pub decode: Spread,
    /// From audio to text.
    pub whole: Spread,
}

impl Clip {
    /// How long it takes to hear a second.
    pub fn real_time_factor(&self) -> f64 {
        self.whole.median.as_secs_f64() / self.audio.as_secs_f64()
    }
}

/// The median of some times, and the quartiles around it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Spread {
    /// A quarter took no longer.
    pub low: Duration,
    /// Half of them took no longer.
    pub median: Duration,
    /// Three quarters took no longer.
    pub high: Duration,
}

impl Spread {
    /// Of some times; zero of none.
    pub fn of(mut times: Vec<Duration>) -> Self {
        times.sort_unstable();
        let Some(last) = times.len().checked_sub(1) else {
            return Self::default();
        };
        let at = |quarters: usize| times[(last * quarters + 2) / 4];
        Self {
            low: at(1),
            median: at(2),
            high: at(3),
        }
    }
}

impl Subject {
    /// Reads a model.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn load(path: &Path) -> anyhow::Result<Self> {
        let began = Instant::now();
        let engine = CandleEngine::new(Model::load(path)?, Settings::default());
        Ok(Self::new(Box::new(engine), began.elapsed()))
    }

    fn new(engine: Box<dyn Engine>, loading: Duration) -> Self {
        let description = engine.describe();
        Self {
            description,
            loading,
            engine,
        }
    }

    fn hear(&mut self, job: &Job) -> anyhow::Result<Run> {
        let began = Instant::now();
        let heard = self.engine.transcribe(job, &Cancel::default())?;
        Ok(Run {
            encode: heard.timings.encode,
            decode: heard.timings.decode,
            whole: began.elapsed(),
        })
    }
}

/// One run.
#[derive(Debug, Clone, Copy)]
struct Run {
    encode: Duration,
    decode: Duration,
    whole: Duration,
}

/// Measures for so long, and tells of each round. A round that was begun is finished.
///
/// # Errors
/// If a clip can't be heard.
pub fn measure(
    subjects: &mut [Subject],
    time: Duration,
    mut tell: impl FnMut(usize),
) -> anyhow::Result<Vec<Measured>> {
    let jobs = jobs()?;
    let mut runs = vec![vec![Vec::new(); jobs.len()]; subjects.len()];
    // The first run of a model starts its threads, and is not counted.
    for subject in &mut *subjects {
        subject.hear(&jobs[0])?;
    }
    let began = Instant::now();
    for round in 0..MOST_ROUNDS {
        if round >= FEWEST_ROUNDS && began.elapsed() >= time {
            break;
        }
        tell(round);
        for (clip, job) in jobs.iter().enumerate() {
            for (subject, runs) in subjects.iter_mut().zip(&mut runs) {
                runs[clip].push(subject.hear(job)?);
            }
        }
    }
    let measured = |(subject, runs): (&Subject, &Vec<Vec<Run>>)| Measured {
        description: subject.description.clone(),
        loading: subject.loading,
        clips: jobs.iter().zip(runs).map(summary).collect(),
    };
    Ok(subjects.iter().zip(&runs).map(measured).collect())
}

fn summary((job, runs): (&Job, &Vec<Run>)) -> Clip {
    let spread = |part: fn(&Run) -> Duration| Spread::of(runs.iter().map(part).collect());
    Clip {
        audio: job.audio.duration(),
        runs: runs.len(),
        encode: spread(|run| run.encode),
        decode: spread(|run| run.decode),
        whole: spread(|run| run.whole),
    }
}

/// The German clips of the demo, one after the other, cut to each length.
fn jobs() -> anyhow::Result<Vec<Job>> {
    let german = Language::german();
    let mut speech = Vec::new();
    for clip in CLIPS.iter().filter(|c| c.language() == german) {
        speech.extend_from_slice(hark_audio::decode_clip(clip.wav)?.pcm.samples());
    }
    let rate = usize::try_from(SAMPLE_RATE_HZ)?;
    let job = |seconds: &usize| Job {
        audio: Pcm::new(&speech[..(seconds * rate).min(speech.len())]),
        languages: vec![german.clone()],
    };
    Ok(LENGTHS_S.iter().map(job).collect())
}

/// The most memory that this process ever had, in bytes; Linux's `VmHWM`.
pub fn peak_memory() -> Option<u64> {
    vm_hwm(&std::fs::read_to_string("/proc/self/status").ok()?)
}

fn vm_hwm(status: &str) -> Option<u64> {
    let line = status.lines().find_map(|l| l.strip_prefix("VmHWM:"))?;
    let kib: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kib * 1_024)
}

#[cfg(test)]
mod tests {
    use hark_whisper::FakeEngine;

    use super::*;

    fn ms(times: &[u64]) -> Vec<Duration> {
        times.iter().map(|t| Duration::from_millis(*t)).collect()
    }

    #[test]
    fn spreads_are_quartiles() {
        let check = |times: &[u64], low, median, high| {
            let [low, median, high] = [low, median, high].map(Duration::from_millis);
            assert_eq!(Spread::of(ms(times)), Spread { low, median, high });
        };
        check(&[], 0, 0, 0);
        check(&[7], 7, 7, 7);
        check(&[5, 1, 3, 2, 4], 2, 3, 4);
        check(&[9, 1, 1, 1, 1, 1, 1, 1, 900], 1, 1, 1);
    }

    #[test]
    fn every_model_hears_every_length_as_often() {
        let fake = || Subject::new(Box::new(FakeEngine::saying("x")), Duration::ZERO);
        let mut rounds = 0;
        let told = |round| rounds = round + 1;
        let measured = measure(&mut [fake(), fake()], Duration::ZERO, told).unwrap();
        assert_eq!((measured.len(), rounds), (2, FEWEST_ROUNDS));
        for model in measured {
            let audio: Vec<_> = model.clips.iter().map(|c| c.audio.as_secs()).collect();
            assert_eq!(audio, [1, 2, 3, 5]);
            assert!(model.clips.iter().all(|c| c.runs == FEWEST_ROUNDS));
        }
    }

    #[test]
    fn memory_is_read_from_the_status() {
        assert_eq!(vm_hwm("Name:\thark\nVmHWM:\t    2048 kB\n"), Some(2 << 20));
        assert_eq!(vm_hwm("Name:\thark\n"), None);
        assert!(peak_memory().is_none_or(|bytes| bytes > 0));
    }
}
