//! Sentence files become a collection.

mod raw;

use std::collections::BTreeMap;
use std::sync::Arc;

use hark_core::Language;
use hark_core::intent::SlotValue;
use serde_saphyr::Spanned;

use crate::error::Error;
use crate::load::File;
use crate::sentences::{Block, Condition, List, ListValue, Sentences, Written};
use raw::{OneOrMany, RawBlock, RawCombination, RawCondition, RawIntentInfo, RawList, RawValue};

/// The largest sentence file, in bytes.
const MAX_FILE_BYTES: usize = 1 << 20;
/// How many words a wildcard takes where its list doesn't say.
const WILDCARD_WORDS: usize = 40;

/// What `intents.yaml` says beside the sentences: by intent, then by combination of slots.
#[derive(Default)]
pub(crate) struct Catalog(BTreeMap<String, RawIntentInfo>);

impl Catalog {
    fn of(&self, file: &File) -> Option<&RawCombination> {
        let intent = self.0.get(file.intent.as_deref()?)?;
        intent.slot_combinations.get(file.stem())
    }
}

/// Reads `intents.yaml`, where there is one.
pub(crate) fn catalog(file: Option<&File>) -> Result<Catalog, Error> {
    let Some(file) = file else {
        return Ok(Catalog::default());
    };
    Reader::new(file, None).read(&file.text).map(Catalog)
}

/// Makes one collection of files.
pub(crate) fn collect(files: &[File], catalog: &Catalog) -> Result<Sentences, Error> {
    let mut all: Option<Sentences> = None;
    for file in files {
        let reader = Reader::new(file, catalog.of(file));
        let raw: raw::File = reader.read(&file.text)?;
        let into = all.get_or_insert_with(|| empty(raw.language.clone()));
        if into.language != raw.language {
            return Err(Error::MixedLanguages {
                file: file.name.clone(),
                found: raw.language.to_string(),
                expected: into.language.to_string(),
            });
        }
        reader.add(raw, into)?;
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
struct Reader<'a> {
    file: Arc<str>,
    /// The intent of sentences that name none.
    intent: Option<&'a str>,
    combination: Option<&'a RawCombination>,
}

impl<'a> Reader<'a> {
    fn new(file: &'a File, combination: Option<&'a RawCombination>) -> Self {
        Self {
            file: file.name.as_str().into(),
            intent: file.intent.as_deref(),
            combination,
        }
    }

    fn read<T: serde::de::DeserializeOwned>(&self, text: &str) -> Result<T, Error> {
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

    fn add(&self, raw: raw::File, into: &mut Sentences) -> Result<(), Error> {
        for (intent, data) in raw.intents {
            for block in data.data {
                into.blocks.push(self.block(&intent, block)?);
            }
        }
        for block in raw.data {
            let Some(intent) = self.intent else {
                let why = "`data` without `intents` has to be in a folder named like its intent";
                return Err(self.yaml(0, why));
            };
            into.blocks.push(self.block(intent, block)?);
        }
        for (name, list) in raw.lists {
            let line = list.referenced.line();
            let list = self.list(&name, list)?;
            if into.lists.insert(name.clone(), list).is_some() {
                return Err(self.duplicate(line, "list", name));
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
        let mut slots: BTreeMap<String, SlotValue> = slots.collect();
        if let Some(domain) = raw.inferred_domain {
            slots.insert("domain".to_owned(), SlotValue::Text(domain));
        }
        let mut requires = conditions(raw.requires_context);
        if let Some(domains) = raw.name_domains {
            requires.insert("domain".to_owned(), self.domains(domains));
        }
        if self.combination.is_some_and(|c| c.context_area) {
            let slot = Some("area".to_owned());
            let area = Condition { values: None, slot };
            requires.insert("area".to_owned(), area);
        }
        Ok(Block {
            intent: intent.to_owned(),
            sentences: sentences.collect::<Result<_, _>>()?,
            slots,
            response: raw.response.unwrap_or_default(),
            requires,
            excludes: conditions(raw.excludes_context),
            keywords: raw.required_keywords,
            rules: each(raw.expansion_rules, |_, rule| self.written(rule))?,
            lists: each(raw.lists, |name, list| self.list(name, list))?,
        })
    }

    /// The domains that a name may be of; one word may stand for several of them.
    fn domains(&self, raw: OneOrMany) -> Condition {
        let named = raw.texts();
        let groups = self.combination.map(|c| &c.name_domain_groups);
        let domains = named.into_iter().flat_map(|name| {
            let group = groups.and_then(|g| g.get(&name));
            group.cloned().unwrap_or_else(|| vec![name])
        });
        Condition {
            values: Some(domains.collect()),
            slot: None,
        }
    }

    fn list(&self, name: &str, raw: Spanned<RawList>) -> Result<List, Error> {
        let (line, raw) = (raw.referenced.line(), raw.value);
        let wrong = |why: &str| Error::List {
            file: self.file.to_string(),
            line,
            list: name.to_owned(),
            why: why.to_owned(),
        };
        if let Some(range) = raw.range {
            let range = range.checked();
            let why = "a range needs from ≤ to and a step above 0, all finite";
            return range.map(List::Range).ok_or_else(|| wrong(why));
        }
        if raw.wildcard {
            return Ok(List::Wildcard {
                max_words: raw.max_words.unwrap_or(WILDCARD_WORDS),
                without: raw.without,
                not_in: raw.not_in,
                part_of_word: raw.part_of_word,
            });
        }
        if raw.values.is_empty() {
            return Err(wrong("it needs `values`, a `range` or `wildcard: true`"));
        }
        let values = raw.values.into_iter().map(|v| self.value(v, line));
        Ok(List::Values(values.collect::<Result<_, _>>()?))
    }

    fn value(&self, raw: RawValue, line: u64) -> Result<ListValue, Error> {
        let (said, value, context) = match raw {
            RawValue::Plain(said) => (said, None, BTreeMap::new()),
            RawValue::Full(full) => (full.said, full.out.map(SlotValue::from), full.context),
        };
        let text = said.text();
        let is_plain = !text.contains(['(', '[', '<', '{', '|', ')', ']', '>', '}']);
        let value = value.or_else(|| is_plain.then(|| SlotValue::Text(text.clone())));
        let context = context.into_iter().map(|(k, v)| (k, v.text()));
        Ok(ListValue {
            said: self.parse(text, line)?,
            value,
            context: context.collect(),
        })
    }

    fn written(&self, text: Spanned<String>) -> Result<Written, Error> {
        self.parse(text.value, text.referenced.line())
    }

    fn parse(&self, text: String, line: u64) -> Result<Written, Error> {
        match text.trim().parse() {
            Ok(template) => Ok(Written {
                template,
                text,
                file: Arc::clone(&self.file),
                line,
            }),
            Err(source) => Err(Error::Template {
                file: self.file.to_string(),
                line,
                template: shortened(text),
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

/// No more of a template than a message should have.
fn shortened(text: String) -> String {
    match text.char_indices().nth(200) {
        Some((at, _)) => text.get(..at).unwrap_or("").to_owned() + "…",
        None => text,
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

/// What context a block asks for, by key.
fn conditions(raw: BTreeMap<String, RawCondition>) -> BTreeMap<String, Condition> {
    let pairs = raw.into_iter().map(|(key, condition)| {
        let (values, slot) = match condition {
            RawCondition::One(value) => (Some(vec![value.text()]), None),
            RawCondition::Any(values) => (Some(OneOrMany::Many(values).texts()), None),
            RawCondition::Full(full) => (full.value.map(OneOrMany::texts), full.slot),
        };
        let slot = slot.map(raw::Scalar::text).filter(|slot| slot != "false");
        let slot = slot.map(|slot| if slot == "true" { key.clone() } else { slot });
        (key, Condition { values, slot })
    });
    pairs.collect()
}
