//! The recordings of the demo: synthetic voices, made by `demo/make-clips.sh`.

use hark_core::Language;

/// What is said in the demo. It ends with the lamp in the hallway being switched on.
pub const CLIPS: &[Clip] = &[
    clip("Anna", "en", include_bytes!("../demo/en-hallway-on.wav")),
    clip("Jan", "de", include_bytes!("../demo/de-living-room-30.wav")),
    clip("Anna", "en", include_bytes!("../demo/en-timer.wav")),
    clip("Jan", "de", include_bytes!("../demo/de-hallway-off.wav")),
    clip("Anna", "en", include_bytes!("../demo/en-unlock.wav")),
    clip("Jan", "de", include_bytes!("../demo/de-cellar.wav")),
    clip("Anna", "en", include_bytes!("../demo/en-kitchen-on.wav")),
    clip("Jan", "de", include_bytes!("../demo/de-hallway-on.wav")),
];

/// A recording.
#[derive(Debug)]
pub struct Clip {
    /// Who speaks.
    pub who: &'static str,
    /// A WAV file, 16 kHz mono.
    pub wav: &'static [u8],
    language: &'static str,
}

impl Clip {
    /// The language it is in.
    pub fn language(&self) -> Language {
        match self.language {
            "de" => Language::german(),
            _ => Language::english(),
        }
    }

    /// That language's name, in English.
    pub fn language_name(&self) -> &'static str {
        match self.language {
            "de" => "German",
            _ => "English",
        }
    }
}

const fn clip(who: &'static str, language: &'static str, wav: &'static [u8]) -> Clip {
    Clip { who, wav, language }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clips_are_small_and_native() {
        let total: usize = CLIPS.iter().map(|c| c.wav.len()).sum();
        assert!(total <= 1 << 20, "{total} bytes");
        assert!(CLIPS.len() >= 6);
        for clip in CLIPS {
            let decoded = hark_audio::decode_clip(clip.wav).unwrap();
            assert_eq!(decoded.source_rate_hz, 16_000);
        }
    }
}
