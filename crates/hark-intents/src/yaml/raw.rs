//! The shape of sentence files, as serde reads it.

use std::collections::BTreeMap;

use hark_core::Language;
use hark_core::intent::SlotValue;
use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_saphyr::Spanned;

use crate::sentences::Range;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct File {
    pub(super) language: Language,
    #[serde(default)]
    pub(super) data: Vec<RawBlock>,
    #[serde(default)]
    pub(super) intents: BTreeMap<String, RawIntent>,
    #[serde(default)]
    pub(super) lists: BTreeMap<String, Spanned<RawList>>,
    #[serde(default)]
    pub(super) expansion_rules: BTreeMap<String, Spanned<String>>,
    #[serde(default)]
    pub(super) skip_words: Vec<String>,
    #[serde(default)]
    pub(super) replies: BTreeMap<String, String>,
    #[serde(default)]
    pub(super) reply_words: BTreeMap<String, BTreeMap<String, String>>,
    #[serde(default, rename = "responses")]
    _responses: Option<IgnoredAny>,
    #[serde(default, rename = "settings")]
    _settings: Option<IgnoredAny>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawIntent {
    pub(super) data: Vec<RawBlock>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawBlock {
    pub(super) sentences: Vec<Spanned<String>>,
    #[serde(default)]
    pub(super) slots: BTreeMap<String, Scalar>,
    #[serde(default)]
    pub(super) response: Option<String>,
    #[serde(default)]
    pub(super) requires_context: BTreeMap<String, RawCondition>,
    #[serde(default)]
    pub(super) excludes_context: BTreeMap<String, RawCondition>,
    #[serde(default)]
    pub(super) expansion_rules: BTreeMap<String, Spanned<String>>,
    #[serde(default)]
    pub(super) lists: BTreeMap<String, Spanned<RawList>>,
    #[serde(default)]
    pub(super) required_keywords: Vec<String>,
    #[serde(default)]
    pub(super) inferred_domain: Option<String>,
    #[serde(default)]
    pub(super) name_domains: Option<OneOrMany>,
    #[serde(default, rename = "metadata")]
    _metadata: Option<IgnoredAny>,
    #[serde(default, rename = "settings")]
    _settings: Option<IgnoredAny>,
    #[serde(default, rename = "example")]
    _example: Option<IgnoredAny>,
    #[serde(default, rename = "speech_to_phrase")]
    _speech_to_phrase: Option<IgnoredAny>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawList {
    #[serde(default)]
    pub(super) values: Vec<RawValue>,
    #[serde(default)]
    pub(super) range: Option<RawRange>,
    #[serde(default)]
    pub(super) wildcard: bool,
    /// Ours: the most words of a wildcard.
    #[serde(default)]
    pub(super) max_words: Option<usize>,
    /// Ours: words that are never in a wildcard.
    #[serde(default)]
    pub(super) without: Vec<String>,
    /// Ours: lists whose values a wildcard never is.
    #[serde(default)]
    pub(super) not_in: Vec<String>,
    /// Ours: the wildcard is the beginning of one word, at least three letters.
    #[serde(default)]
    pub(super) part_of_word: bool,
}

#[derive(Deserialize)]
#[serde(untagged)]
pub(super) enum RawValue {
    Full(FullValue),
    Plain(Scalar),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct FullValue {
    #[serde(rename = "in")]
    pub(super) said: Scalar,
    #[serde(default)]
    pub(super) out: Option<Scalar>,
    #[serde(default)]
    pub(super) context: BTreeMap<String, Scalar>,
    #[serde(default, rename = "metadata")]
    _metadata: Option<IgnoredAny>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawRange {
    pub(super) from: f64,
    pub(super) to: f64,
    #[serde(default)]
    pub(super) step: Option<f64>,
    #[serde(default)]
    pub(super) fractions: Option<Fractions>,
    #[serde(default)]
    pub(super) multiplier: Option<f64>,
    #[serde(default, rename = "digits")]
    _digits: Option<bool>,
    #[serde(default, rename = "words")]
    _words: Option<bool>,
    #[serde(default, rename = "words_language")]
    _words_language: Option<String>,
    #[serde(default, rename = "type")]
    _kind: Option<String>,
}

impl RawRange {
    pub(super) fn checked(&self) -> Option<Range> {
        let parts = match &self.fractions {
            None => 1.0,
            Some(Fractions::Halves) => 2.0,
            Some(Fractions::Tenths) => 10.0,
        };
        let range = Range {
            from: self.from,
            to: self.to,
            step: self.step.unwrap_or(1.0),
            parts,
            multiplier: self.multiplier.unwrap_or(1.0),
        };
        let numbers = [range.from, range.to, range.step, range.multiplier];
        let finite = numbers.iter().all(|n| n.is_finite());
        (finite && range.from <= range.to && range.step > 0.0).then_some(range)
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Fractions {
    Halves,
    Tenths,
}

#[derive(Deserialize)]
#[serde(untagged)]
pub(super) enum RawCondition {
    One(Scalar),
    Any(Vec<Scalar>),
    Full(FullCondition),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct FullCondition {
    #[serde(default)]
    pub(super) value: Option<OneOrMany>,
    #[serde(default)]
    pub(super) slot: Option<Scalar>,
}

#[derive(Deserialize)]
#[serde(untagged)]
pub(super) enum OneOrMany {
    One(Scalar),
    Many(Vec<Scalar>),
}

#[derive(Deserialize)]
#[serde(untagged)]
pub(super) enum Scalar {
    Number(f64),
    Bool(bool),
    Text(String),
}

impl Scalar {
    pub(super) fn text(self) -> String {
        match self {
            Self::Number(number) => number.to_string(),
            Self::Bool(is) => is.to_string(),
            Self::Text(text) => text,
        }
    }
}

impl From<Scalar> for SlotValue {
    fn from(scalar: Scalar) -> Self {
        match scalar {
            Scalar::Number(number) => Self::Number(number),
            other => Self::Text(other.text()),
        }
    }
}

impl OneOrMany {
    pub(super) fn texts(self) -> Vec<String> {
        match self {
            Self::One(value) => vec![value.text()],
            Self::Many(values) => values.into_iter().map(Scalar::text).collect(),
        }
    }
}

/// What `intents.yaml` says of the intents; most of it is for people.
#[derive(Deserialize)]
pub(super) struct RawIntentInfo {
    #[serde(default)]
    pub(super) slot_combinations: BTreeMap<String, RawCombination>,
}

#[derive(Deserialize)]
pub(super) struct RawCombination {
    #[serde(default)]
    pub(super) context_area: bool,
    #[serde(default)]
    pub(super) name_domain_groups: BTreeMap<String, Vec<String>>,
}
