//! What is done to clips before they are heard, and silence and noise with nothing in it.

use std::path::Path;

use hark_core::Language;
use hark_core::audio::{Pcm, SAMPLE_RATE_HZ};
use hark_eval::Random;
use hark_eval::manifest::{Clip, Said};
use hark_eval::noise::{Noise, at_level, mix};

use super::input;
use crate::cli;

/// How long a piece of silence is, in seconds: as long as what a house takes for an
/// utterance.
const LENGTHS_S: [u32; 7] = [1, 2, 3, 5, 8, 15, 30];
/// How loud noise is, in decibels below full scale.
const LEVELS_DB: [f64; 3] = [-60.0, -45.0, -30.0];
/// How loud the hiss of a quiet room is.
const QUIET_DB: f64 = -66.0;

/// What a clip is heard in.
#[derive(Debug, Clone)]
pub(super) struct Condition(Option<Noisy>);

#[derive(Debug, Clone)]
struct Noisy {
    name: String,
    snr_db: f64,
    noise: Made,
}

#[derive(Debug, Clone)]
enum Made {
    ByRule(Noise),
    Recorded(Pcm),
}

impl Condition {
    /// Clean, and with the noise that is asked for.
    pub fn all(args: &cli::eval::Clips) -> anyhow::Result<Vec<Self>> {
        let mut all = vec![Self(None)];
        let Some(noise) = &args.noise else {
            return Ok(all);
        };
        let path = Path::new(noise);
        let (name, made) = match noise.parse::<Noise>() {
            Ok(rule) => (rule.as_str().to_owned(), Made::ByRule(rule)),
            Err(error) if !path.is_file() => return Err(error.into()),
            Err(_) => {
                let stem = path.file_stem().unwrap_or(path.as_os_str());
                let name = stem.to_string_lossy().into_owned();
                (name, Made::Recorded(input::audio(Path::new(""), noise)?))
            }
        };
        all.extend(args.snr.iter().map(|snr_db| {
            Self(Some(Noisy {
                name: name.clone(),
                snr_db: *snr_db,
                noise: made.clone(),
            }))
        }));
        Ok(all)
    }

    /// Whether clips are heard as they are.
    pub fn is_clean(&self) -> bool {
        self.0.is_none()
    }

    /// What a report calls it, for a clip that may have noise in it already.
    pub fn label(&self, own: &str) -> String {
        let Some(Noisy { name, snr_db, .. }) = &self.0 else {
            return own.to_owned();
        };
        match own {
            "" => format!("{name} {snr_db} dB"),
            own => format!("{own} + {name} {snr_db} dB"),
        }
    }

    /// A clip in this condition: the same for the same file and seed.
    pub fn apply(&self, clip: &Pcm, file: &str, seed: u64) -> Pcm {
        let Some(Noisy { noise, snr_db, .. }) = &self.0 else {
            return clip.clone();
        };
        let mut random = Random::named(seed, &format!("{file} {snr_db}"));
        let samples = clip.samples();
        let mixed = match noise {
            Made::ByRule(rule) => {
                let noise = rule.samples(samples.len(), &mut random);
                mix(samples, &noise, *snr_db, &mut random)
            }
            Made::Recorded(noise) => mix(samples, noise.samples(), *snr_db, &mut random),
        };
        Pcm::new(mixed)
    }
}

/// A piece of silence or noise.
#[derive(Debug, Clone)]
pub(super) struct Silence {
    number: usize,
    seconds: u32,
    /// None: the hiss of a quiet room.
    noise: Option<(Noise, f64)>,
    language: Language,
}

impl Silence {
    /// So many minutes, every kind, level and length by turns, asked for in these
    /// languages by turns.
    pub fn minutes(minutes: u32, languages: &[Language]) -> Vec<Self> {
        let noises = Noise::ALL.into_iter();
        let loud = noises.flat_map(|noise| LEVELS_DB.map(|level| Some((noise, level))));
        let kinds: Vec<_> = std::iter::once(None).chain(loud).collect();
        let mut pieces = Vec::new();
        let mut left = minutes * 60;
        while left > 0 {
            let number = pieces.len();
            // As many kinds as there are share no divisor with as many lengths.
            let seconds = LENGTHS_S[number % LENGTHS_S.len()].min(left);
            left -= seconds;
            pieces.push(Self {
                number,
                seconds,
                noise: kinds[number % kinds.len()],
                language: languages[number % languages.len()].clone(),
            });
        }
        pieces
    }

    /// As a manifest would name it.
    pub fn clip(&self) -> Clip {
        let noise = match self.noise {
            None => "silence".to_owned(),
            Some((noise, level)) => format!("{} {level} dBFS", noise.as_str()),
        };
        Clip {
            line: self.number + 1,
            file: format!("(silence {}, {noise}, {} s)", self.number + 1, self.seconds),
            said: Said::Nothing,
            language: Some(self.language.clone()),
            voice: String::new(),
            noise: match self.noise {
                None => noise,
                Some((kind, _)) => format!("only {}", kind.as_str()),
            },
        }
    }

    /// Its samples: the same for the same seed.
    pub fn samples(&self, seed: u64) -> Pcm {
        let mut random = Random::named(seed, &format!("silence {}", self.number));
        let count = (self.seconds * SAMPLE_RATE_HZ) as usize;
        let (noise, level) = self.noise.unwrap_or((Noise::White, QUIET_DB));
        Pcm::new(at_level(&noise.samples(count, &mut random), level))
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn minutes_of_silence_are_as_long_as_asked_for_and_of_every_kind() {
        let languages = [Language::german(), Language::english()];
        let pieces = Silence::minutes(30, &languages);
        let seconds: u32 = pieces.iter().map(|p| p.seconds).sum();
        assert_eq!(seconds, 30 * 60);
        let kinds: HashSet<_> = pieces.iter().map(|p| p.clip().noise).collect();
        assert_eq!(kinds.len(), 5, "{kinds:?}");
        let names: HashSet<_> = pieces.iter().map(|p| p.clip().file).collect();
        assert_eq!(names.len(), pieces.len());
        for piece in pieces.iter().take(20) {
            let samples = piece.samples(3);
            assert_eq!(samples, piece.samples(3));
            assert_eq!(samples.duration().as_secs(), u64::from(piece.seconds));
        }
    }

    #[test]
    fn a_clip_in_noise_is_the_same_for_the_same_seed() {
        let condition = Condition(Some(Noisy {
            name: "pink".to_owned(),
            snr_db: 10.0,
            noise: Made::ByRule(Noise::Pink),
        }));
        let clip = Pcm::new(vec![0.1; 1_600]);
        let heard = condition.apply(&clip, "a.wav", 1);
        assert_eq!(heard, condition.apply(&clip, "a.wav", 1));
        assert_ne!(heard, condition.apply(&clip, "b.wav", 1));
        assert_ne!(heard, condition.apply(&clip, "a.wav", 2));
        assert_eq!(condition.label(""), "pink 10 dB");
        assert_eq!(condition.label("5 dB"), "5 dB + pink 10 dB");
        assert_eq!(Condition(None).apply(&clip, "a.wav", 1), clip);
    }
}
