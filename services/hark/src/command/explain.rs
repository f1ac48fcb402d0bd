//! What a sentence could mean, shown without doing it.

use std::collections::BTreeMap;

use hark_core::home::{StateAt, States};
use hark_core::principal::Kind;
use hark_core::resolve::{Context, LocalTime, area_of, resolve_all};
use hark_core::store::Revision;
use hark_core::time::Timestamp;
use hark_core::words::Date;
use hark_core::{AreaId, Language};
use hark_home::Description;
use hark_intents::{Lexicon, Matcher, Replies};
use serde::Serialize;

use super::intents::{home, sentences};
use crate::cli;
use crate::exit::Verdict;
use crate::show;

/// Explains sentences in one language and home.
pub(super) struct Explainer {
    home: Description,
    matcher: Matcher,
    replies: Replies,
    language: Language,
    area: Option<AreaId>,
    json: bool,
}

/// A sentence, as JSON.
#[derive(Serialize)]
struct ExplainedJson {
    text: String,
    /// By command, what it can mean.
    commands: Vec<Vec<ReadingJson>>,
    fuzzy: bool,
    outcome: &'static str,
    code: &'static str,
    reply: String,
}

#[derive(Serialize)]
struct ReadingJson {
    score: f32,
    intent: String,
    slots: BTreeMap<String, String>,
}

impl Explainer {
    /// # Errors
    /// If home or sentences can't be read, or the area is none of the home.
    pub(super) fn new(args: &cli::Text) -> anyhow::Result<Self> {
        let home = home(args.home.as_deref())?;
        let first = home.home().languages.first().cloned();
        let language = args.speaker.lang.clone().or(first);
        let language = language.unwrap_or_else(Language::english);
        let sentences = sentences(args.sentences.as_deref(), &language)?;
        let lexicon = Lexicon::of_home(home.home(), &language);
        let area = args.speaker.area.as_deref().map(|name| {
            area_of(home.home(), name, &language)
                .ok_or_else(|| anyhow::anyhow!("`{name}` is no area of this home"))
        });
        Ok(Self {
            matcher: Matcher::compile(&sentences, &lexicon)?,
            replies: Replies::builtin(&language)?.replaced_by(sentences),
            area: area.transpose()?,
            json: args.json,
            home,
            language,
        })
    }

    /// Shows what a sentence could mean, and what would be said.
    ///
    /// # Errors
    /// If stdout is gone.
    pub(super) fn explain(&self, text: &str) -> anyhow::Result<Verdict> {
        let understood = self.matcher.understand(&[text], true);
        let decision = resolve_all(&understood.commands, &self.context(text, &self.states()));
        let said = std::iter::once(&decision.say).chain(&decision.then);
        let said = said.map(|say| self.replies.render(say.code, &say.in_words(&self.language)));
        let readings = |command: &Vec<hark_core::intent::Reading>| {
            command.iter().map(reading).collect::<Vec<_>>()
        };
        let explained = ExplainedJson {
            text: text.to_owned(),
            commands: understood.commands.iter().map(readings).collect(),
            fuzzy: understood.fuzzy,
            outcome: decision.outcome.as_str(),
            code: decision.say.code,
            reply: said.collect::<Vec<_>>().join(" "),
        };
        match self.json {
            true => show::json_line(&explained)?,
            false => show::lines(&in_words(&explained))?,
        }
        Ok(Verdict::of(decision.outcome))
    }

    fn states(&self) -> States {
        let initial = self.home.initial().iter();
        let devices = initial.map(|(id, state)| {
            let (state, revision) = (*state, Revision(0));
            (id.clone(), StateAt { state, revision })
        });
        States {
            devices: devices.collect(),
            revision: Revision(0),
        }
    }

    /// The home as it begins, at noon on some day.
    fn context<'a>(&'a self, heard: &'a str, states: &'a States) -> Context<'a> {
        static NO_LISTS: BTreeMap<hark_core::ListId, Vec<hark_core::list::Item>> = BTreeMap::new();
        Context {
            home: self.home.home(),
            states,
            timers: &[],
            lists: &NO_LISTS,
            language: &self.language,
            area: self.area.as_ref(),
            speaker: None,
            caller: Kind::Anonymous,
            now: Timestamp::default(),
            local: LocalTime {
                hour: 12,
                minute: 0,
                date: Date {
                    year: 2026,
                    month: 1,
                    day: 1,
                    weekday: 4,
                },
            },
            heard,
            whole_home: true,
        }
    }
}

fn reading(reading: &hark_core::intent::Reading) -> ReadingJson {
    let slots = reading.intent.slots.iter();
    ReadingJson {
        score: reading.score,
        intent: reading.intent.name.clone(),
        slots: slots
            .map(|(k, slot)| (k.clone(), slot.value.to_string()))
            .collect(),
    }
}

fn in_words(explained: &ExplainedJson) -> String {
    let mut lines = Vec::new();
    for (nth, readings) in explained.commands.iter().enumerate() {
        if explained.commands.len() > 1 {
            lines.push(format!("command {}:", nth + 1));
        }
        for reading in readings {
            let slots = reading.slots.iter().map(|(k, v)| format!("{k}={v}"));
            let slots: Vec<_> = slots.collect();
            let (score, intent) = (reading.score, &reading.intent);
            lines.push(format!("  {score:.3}  {intent} {}", slots.join(" ")));
        }
    }
    if explained.fuzzy {
        lines.push("  (some words were taken for others)".to_owned());
    }
    let (outcome, code) = (explained.outcome, explained.code);
    lines.push(format!("{outcome} ({code}): {}", explained.reply));
    lines.join("\n")
}
