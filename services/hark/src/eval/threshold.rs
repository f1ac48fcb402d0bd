//! What is good enough: `exact=0.95`, `wer=5%`.

use std::str::FromStr;

use anyhow::{anyhow, bail};
use hark_eval::report::Figures;

/// A bound on a figure.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Threshold {
    figure: Figure,
    bound: f64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Figure {
    Exact,
    Intent,
    Language,
    Wer,
    Cer,
    Invented,
    Repetitions,
}

/// Figures by their names.
const FIGURES: [(&str, Figure); 7] = [
    ("exact", Figure::Exact),
    ("intent", Figure::Intent),
    ("language", Figure::Language),
    ("wer", Figure::Wer),
    ("cer", Figure::Cer),
    ("invented", Figure::Invented),
    ("repetitions", Figure::Repetitions),
];

impl Threshold {
    /// What is wrong with figures that may not be below; none where nothing is.
    pub fn below(&self, figures: &Figures) -> Option<String> {
        self.broken(figures, "below", |value| value < self.bound)
    }

    /// What is wrong with figures that may not be above; none where nothing is.
    pub fn above(&self, figures: &Figures) -> Option<String> {
        self.broken(figures, "above", |value| value > self.bound)
    }

    /// A figure that was not measured is not good enough.
    fn broken(&self, figures: &Figures, side: &str, is: impl Fn(f64) -> bool) -> Option<String> {
        let name = self.name();
        match self.value(figures) {
            None => Some(format!("{name} was not measured")),
            Some(value) if is(value) => {
                let value = (value * 1e4).round() / 1e4;
                Some(format!("{name} is {value}, {side} {}", self.bound))
            }
            Some(_) => None,
        }
    }

    fn name(&self) -> &'static str {
        let found = FIGURES.iter().find(|(_, figure)| *figure == self.figure);
        found.map_or("", |(name, _)| name)
    }

    fn value(&self, figures: &Figures) -> Option<f64> {
        let share = |right: usize, of: usize| right as f64 / of as f64;
        match self.figure {
            Figure::Exact => figures.exact_rate,
            Figure::Intent => figures.intents.map(|i| share(i.right, i.of)),
            Figure::Language => figures.languages.map(|l| share(l.right, l.of)),
            Figure::Wer => figures.wer,
            Figure::Cer => figures.cer,
            Figure::Invented => figures.silence.map(|s| s.words as f64),
            Figure::Repetitions => Some(figures.repetitions as f64),
        }
    }
}

impl FromStr for Threshold {
    type Err = anyhow::Error;

    fn from_str(text: &str) -> anyhow::Result<Self> {
        let names = FIGURES.map(|(name, _)| name).join(", ");
        let (name, value) = text
            .split_once('=')
            .ok_or_else(|| anyhow!("give a figure and a bound, as in exact=0.95"))?;
        let Some((_, figure)) = FIGURES.iter().find(|(known, _)| *known == name) else {
            bail!("`{name}` is no figure; there are {names}");
        };
        let (number, scale) = match value.strip_suffix('%') {
            Some(number) => (number, 0.01),
            None => (value, 1.0),
        };
        let bound = number.trim().parse::<f64>().ok().filter(|n| n.is_finite());
        let bound = bound.ok_or_else(|| anyhow!("`{value}` is no number, like 0.95 or 95%"))?;
        Ok(Self {
            figure: *figure,
            bound: bound * scale,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bounds_are_held_against_figures() {
        let figures = Figures {
            exact_rate: Some(0.9),
            wer: Some(0.04),
            ..Figures::default()
        };
        let of = |text: &str| text.parse::<Threshold>().unwrap();
        assert_eq!(of("exact=90%").below(&figures), None);
        let wrong = of("exact=0.95").below(&figures).unwrap();
        assert_eq!(wrong, "exact is 0.9, below 0.95");
        assert_eq!(of("wer=5%").above(&figures), None);
        assert!(of("wer=0.03").above(&figures).is_some());
        let wrong = of("invented=0").above(&figures).unwrap();
        assert_eq!(wrong, "invented was not measured");
        assert_eq!(of("repetitions=0").above(&figures), None);
    }

    #[test]
    fn what_is_no_bound_is_explained() {
        for (text, part) in [
            ("exact", "as in exact=0.95"),
            ("beauty=1", "`beauty` is no figure"),
            ("wer=low", "`low` is no number"),
            ("wer=NaN", "`NaN` is no number"),
        ] {
            let error = text.parse::<Threshold>().unwrap_err().to_string();
            assert!(error.contains(part), "{error}");
        }
    }
}
