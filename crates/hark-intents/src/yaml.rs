//! Sentence files: their YAML, and how it becomes a collection.

use std::collections::BTreeMap;
use std::sync::Arc;

use hark_core::Language;
use hark_core::intent::SlotValue;
use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_saphyr::Spanned;

use crate::error::Error;
use crate::sentences::{Block, List, ListValue, MAX_FILE_BYTES, Range, Sentences, Written};

/// How many words a wildcard takes where its list doesn't say.
const WILDCARD_WORDS: usize = 8;

/// Makes one collection of files, given as name and text.
pub(crate) fn collect(
    files: impl IntoIterator<Item = (String, String)>,
) -> Result<Sentences, Error> {
    let mut all: Option<Sentences> = None;
    for (name, text) in files {
        let file = Reader { file: name.into() };
        let raw = file.read(&text)?;
        let into = all.get_or_insert_with(|| empty(raw.language.clone()));
        if into.language != raw.language {
            return Err(Error::MixedLanguages {
                file: file.file.to_string(),
                found: raw.language.to_string(),
                expected: into.language.to_string(),
            });
        }
        file.add(raw, into)?;
    }
    Ok(all.unwrap_or_else(|| empty(Language::english())))
}

fn empty(language: Language) -> Sentences {
    Sentences {
        language,
        blocks: Vec::new(),
        lists: BTreeMap::new(),
        rules: BTreeMap::new(),
        skip_words: Vec::new(),
        replies: BTreeMap::new(),
        reply_words: BTreeMap::new(),
    }
}

/// Reads one file.
struct Reader {
    file: Arc<str>,
}

impl Reader {
    fn read(&self, text: &str) -> Result<File, Error> {
        if text.len() > MAX_FILE_BYTES {
            return Err(self.yaml(0, "it is larger than 1 MiB"));
        }
        let options = serde_saphyr::Options {
            // `on` and `off` are states of devices here.
            strict_booleans: true,
            with_snippet: false,
            ..Default::default()
        };
        serde_saphyr::from_str_with_options(text, options).map_err(|e| {
            let line = e.location().map_or(0, |l| l.line());
            self.yaml(line, &e.to_string())
        })
    }

    fn add(&self, raw: File, into: &mut Sentences) -> Result<(), Error> {
        for (intent, data) in raw.intents {
            for block in data.data {
                into.blocks.push(self.block(&intent, block)?);
            }
        }
        for (name, list) in raw.lists {
            let list = self.list(&name, list)?;
            if into.lists.insert(name.clone(), list).is_some() {
                return Err(self.duplicate(0, "list", name));
            }
        }
        for (name, text) in raw.expansion_rules {
            let line = text.referenced.line();
            let rule = self.written(text)?;
            if into.rules.insert(name.clone(), rule).is_some() {
                return Err(self.duplicate(line, "rule", name));
            }
        }
        into.skip_words.extend(raw.skip_words);
        for (code, text) in raw.replies {
            if into.replies.insert(code.clone(), text).is_some() {
                return Err(self.duplicate(0, "reply", code));
            }
        }
        into.reply_words.extend(raw.reply_words);
        Ok(())
    }

    fn block(&self, intent: &str, raw: RawBlock) -> Result<Block, Error> {
        let sentences = raw.sentences.into_iter().map(|s| self.written(s));
        let slots = raw.slots.into_iter().map(|(k, v)| (k, v.into()));
        Ok(Block {
            intent: intent.to_owned(),
            sentences: sentences.collect::<Result<_, _>>()?,
            slots: slots.collect(),
            response: raw.response.unwrap_or_default(),
            requires: conditions(raw.requires_context),
            excludes: conditions(raw.excludes_context),
            rules: each(raw.expansion_rules, |_, rule| self.written(rule))?,
            lists: each(raw.lists, |name, list| self.list(name, list))?,
        })
    }

    fn list(&self, name: &str, raw: RawList) -> Result<List, Error> {
        if let Some(range) = raw.range {
            let range = range.checked().ok_or_else(|| Error::Range {
                file: self.file.to_string(),
                list: name.to_owned(),
            })?;
            return Ok(List::Range(range));
        }
        if raw.wildcard {
            return Ok(List::Wildcard {
                max_words: raw.max_words.unwrap_or(WILDCARD_WORDS),
                without: raw.without,
                not_in: raw.not_in,
                part_of_word: raw.part_of_word,
            });
        }
        let values = raw.values.into_iter().map(|v| self.value(v));
        Ok(List::Values(values.collect::<Result<_, _>>()?))
    }

    fn value(&self, raw: RawValue) -> Result<ListValue, Error> {
        let (said, out, context) = match raw {
            RawValue::Plain(said) => (said, None, BTreeMap::new()),
            RawValue::Full(full) => (full.said, full.out, full.context),
        };
        let text = said.text();
        let written = self.parse(text.clone(), 0)?;
        let context = context.into_iter().map(|(k, v)| (k, v.text()));
        Ok(ListValue {
            said: written,
            value: out.map_or(SlotValue::Text(text), SlotValue::from),
            context: context.collect(),
        })
    }

    fn written(&self, text: Spanned<String>) -> Result<Written, Error> {
        self.parse(text.value, text.referenced.line())
    }

    fn parse(&self, text: String, line: u64) -> Result<Written, Error> {
        match text.parse() {
            Ok(template) => Ok(Written {
                template,
                text,
                file: Arc::clone(&self.file),
                line,
            }),
            Err(source) => Err(Error::Template {
                file: self.file.to_string(),
                line,
                template: text,
                source,
            }),
        }
    }

    fn yaml(&self, line: u64, why: &str) -> Error {
        Error::Yaml {
            file: self.file.to_string(),
            line,
            why: why.to_owned(),
        }
    }

    fn duplicate(&self, line: u64, what: &'static str, name: String) -> Error {
        let file = self.file.to_string();
        Error::Duplicate {
            file,
            line,
            what,
            name,
        }
    }
}

fn each<A, B>(
    map: BTreeMap<String, A>,
    f: impl Fn(&str, A) -> Result<B, Error>,
) -> Result<BTreeMap<String, B>, Error> {
    let pairs = map.into_iter().map(|(name, a)| {
        let b = f(&name, a)?;
        Ok((name, b))
    });
    pairs.collect()
}

/// What context a block asks for, by key. `{slot: true}` asks nothing of a list's value:
/// whoever acts fills in the speaker's area.
fn conditions(raw: BTreeMap<String, RawCondition>) -> BTreeMap<String, Vec<String>> {
    let pairs = raw.into_iter().filter_map(|(key, condition)| {
        let values = match condition {
            RawCondition::One(value) => vec![value.text()],
            RawCondition::Any(values) => values.into_iter().map(Scalar::text).collect(),
            RawCondition::Full(full) => match full.value? {
                OneOrMany::One(value) => vec![value.text()],
                OneOrMany::Many(values) => values.into_iter().map(Scalar::text).collect(),
            },
        };
        Some((key, values))
    });
    pairs.collect()
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    language: Language,
    #[serde(default)]
    intents: BTreeMap<String, RawIntent>,
    #[serde(default)]
    lists: BTreeMap<String, RawList>,
    #[serde(default)]
    expansion_rules: BTreeMap<String, Spanned<String>>,
    #[serde(default)]
    skip_words: Vec<String>,
    #[serde(default)]
    replies: BTreeMap<String, String>,
    #[serde(default)]
    reply_words: BTreeMap<String, BTreeMap<String, String>>,
    #[serde(default, rename = "responses")]
    _responses: Option<IgnoredAny>,
    #[serde(default, rename = "settings")]
    _settings: Option<IgnoredAny>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawIntent {
    data: Vec<RawBlock>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawBlock {
    sentences: Vec<Spanned<String>>,
    #[serde(default)]
    slots: BTreeMap<String, Scalar>,
    #[serde(default)]
    response: Option<String>,
    #[serde(default)]
    requires_context: BTreeMap<String, RawCondition>,
    #[serde(default)]
    excludes_context: BTreeMap<String, RawCondition>,
    #[serde(default)]
    expansion_rules: BTreeMap<String, Spanned<String>>,
    #[serde(default)]
    lists: BTreeMap<String, RawList>,
    #[serde(default, rename = "metadata")]
    _metadata: Option<IgnoredAny>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawList {
    #[serde(default)]
    values: Vec<RawValue>,
    #[serde(default)]
    range: Option<RawRange>,
    #[serde(default)]
    wildcard: bool,
    /// Ours: the most words of a wildcard.
    #[serde(default)]
    max_words: Option<usize>,
    /// Ours: words that are never in a wildcard.
    #[serde(default)]
    without: Vec<String>,
    /// Ours: lists whose values a wildcard never is.
    #[serde(default)]
    not_in: Vec<String>,
    /// Ours: the wildcard is the beginning of one word, at least three letters.
    #[serde(default)]
    part_of_word: bool,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum RawValue {
    Full(FullValue),
    Plain(Scalar),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FullValue {
    #[serde(rename = "in")]
    said: Scalar,
    #[serde(default)]
    out: Option<Scalar>,
    #[serde(default)]
    context: BTreeMap<String, Scalar>,
    #[serde(default, rename = "metadata")]
    _metadata: Option<IgnoredAny>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawRange {
    from: f64,
    to: f64,
    #[serde(default)]
    step: Option<f64>,
    #[serde(default)]
    fractions: Option<Fractions>,
    #[serde(default)]
    multiplier: Option<f64>,
    #[serde(default, rename = "type")]
    _kind: Option<String>,
}

impl RawRange {
    fn checked(self) -> Option<Range> {
        let parts = match self.fractions {
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
enum Fractions {
    Halves,
    Tenths,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum RawCondition {
    One(Scalar),
    Any(Vec<Scalar>),
    Full(FullCondition),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FullCondition {
    #[serde(default)]
    value: Option<OneOrMany>,
    #[serde(default, rename = "slot")]
    _slot: Option<IgnoredAny>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum OneOrMany {
    One(Scalar),
    Many(Vec<Scalar>),
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Scalar {
    Number(f64),
    Bool(bool),
    Text(String),
}

impl Scalar {
    fn text(self) -> String {
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
