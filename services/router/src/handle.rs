//! One sentence: understood, decided, claimed, carried out, answered.
//!
//! The order is what makes an utterance act once: what is to be done is in the ledger
//! before anything is done, in one transaction that also checks that this router may
//! still decide.

use std::sync::Arc;
use std::time::Duration;

use futures_util::{StreamExt as _, stream};
use hark_core::device::Command;
use hark_core::ledger::{self, Entry, Replay};
use hark_core::outcome::{DeviceChange, Outcome, Reply, UtteranceOutcome};
use hark_core::reply::Say;
use hark_core::resolve::{Context, Decision, Effect, Executed, LocalTime, report, resolve_all};
use hark_core::risk::{Risk, highest};
use hark_core::store::{Key, Revision};
use hark_core::time::Timestamp;
use hark_core::timer;
use hark_core::words::Date;
use hark_core::{AreaId, Language, Ordinal, Principal, SessionId, SpeakerId};
use hark_intents::MAX_TEXT_CHARS;
use hark_proto::{Error, ErrorCode};
use sha2::{Digest as _, Sha256};
use tracing::Instrument as _;

use crate::effects;
use crate::house::House;
use crate::ledger::Claim;
use crate::speech::Voice;
use crate::state::Basis;
use crate::trace;

/// Devices that are told something at the same time.
const AT_ONCE: usize = 8;
/// The code of the reply where the store can't be asked, or may no longer be.
const UNREACHABLE: &str = "store_unavailable";
/// How often a sentence is decided anew because what it was decided from has changed.
const ATTEMPTS: usize = 4;

/// A sentence that somebody said.
#[derive(Debug, Clone)]
pub(crate) struct Asked {
    pub(crate) text: String,
    /// What else it may have been, the likeliest first.
    pub(crate) alternatives: Vec<String>,
    pub(crate) language: Language,
    pub(crate) principal: Principal,
    pub(crate) speaker: Option<SpeakerId>,
    pub(crate) area: Option<String>,
    pub(crate) session: SessionId,
    pub(crate) ordinal: Ordinal,
}

/// What it meant, what was done, and how long that took.
#[derive(Debug, Clone)]
pub(crate) struct Handled {
    pub(crate) outcome: UtteranceOutcome,
    pub(crate) understand: Duration,
    pub(crate) act: Duration,
}

/// A sentence on its way.
pub(crate) struct Handling<'a> {
    pub(crate) house: &'a Arc<House>,
    pub(crate) asked: &'a Asked,
    pub(crate) voice: Arc<Voice>,
    pub(crate) key: Key,
    pub(crate) area: Option<AreaId>,
    digest: Vec<u8>,
}

/// Understands a sentence and acts on it, once.
///
/// # Errors
/// Names the field that is wrong; `TOO_OLD`; `SENTENCE_MISMATCH`; `UNAVAILABLE` where
/// this router may not decide now. What goes wrong later is an outcome, not an error.
pub(crate) async fn handle(house: &Arc<House>, asked: &Asked) -> Result<Handled, Error> {
    let handling = Handling::new(house, asked)?;
    let handled = handling.run().await?;
    let intent = handled.outcome.intent.as_ref().map(|i| &*i.name);
    house
        .metrics
        .handled(intent, handled.outcome.outcome, handled.outcome.replayed);
    house.metrics.timed(handled.understand, handled.act);
    Ok(handled)
}

/// The voice for a sentence, after a look at both.
///
/// # Errors
/// Names `text` or `language`.
pub(crate) fn voice(house: &House, text: &str, language: &Language) -> Result<Arc<Voice>, Error> {
    if text.trim().is_empty() {
        return Err(Error::invalid_field("text", "is empty"));
    }
    let chars = text.chars().count();
    if chars > MAX_TEXT_CHARS {
        let description = format!("has {chars} characters; at most {MAX_TEXT_CHARS} are allowed");
        return Err(Error::invalid_field("text", description));
    }
    house.voices.find(language).ok_or_else(|| {
        let known = house.voices.languages();
        let known: Vec<_> = known.iter().map(Language::as_str).collect();
        let description = format!("`{language}` is not spoken here; {} are", known.join(", "));
        Error::new(ErrorCode::UnknownLanguage, "").with_violation("language", description)
    })
}

impl<'a> Handling<'a> {
    fn new(house: &'a Arc<House>, asked: &'a Asked) -> Result<Self, Error> {
        let voice = voice(house, &asked.text, &asked.language)?;
        let named = asked.area.as_deref().filter(|text| !text.is_empty());
        let area = match named {
            None => asked.principal.area.clone(),
            Some(text) => Some(house.area(text).ok_or_else(|| {
                Error::invalid_field("area", format!("`{text}` is no area of this home"))
            })?),
        };
        let now = house.clock.wall();
        if !ledger::check_age(asked.session, now, house.limits.retention) {
            let message = "the session is older than what is remembered; begin a new one";
            return Err(Error::new(ErrorCode::TooOld, message));
        }
        let keys = &house.views.keys;
        let key = keys.ledger_entry(&asked.principal, asked.session, asked.ordinal);
        let digest = digest(&asked.language, &asked.text);
        Ok(Self {
            house,
            asked,
            voice,
            key,
            area,
            digest,
        })
    }

    async fn run(&self) -> Result<Handled, Error> {
        let start = self.house.clock.monotonic();
        let elapsed = || self.house.clock.monotonic().since(start);
        let done = |outcome, understand| {
            let act = elapsed().saturating_sub(understand);
            Ok(Handled {
                outcome,
                understand,
                act,
            })
        };
        match self.house.ledger.find(&self.key).await {
            Ok(None) => {}
            Ok(Some((entry, written))) => {
                let outcome = self.replay(entry, written).await?;
                return done(outcome, Duration::ZERO);
            }
            // Without the store questions are still answered; what acts fails below.
            Err(error) => tracing::warn!(%error, "ledger not read"),
        }
        let understand = || {
            self.voice
                .understand(&self.asked.text, &self.asked.alternatives)
        };
        let commands = trace::matching().in_scope(understand);
        let mut understand = elapsed();
        for _ in 0..ATTEMPTS {
            let basis = self.house.views.basis(&self.house.adapter.home().lists);
            let decision = resolve_now(self, &commands, &basis);
            understand = understand.max(elapsed());
            if let Some(outcome) = self.decide(&decision, &basis).await? {
                return done(outcome, understand);
            }
        }
        tracing::warn!("state changed under every attempt");
        done(
            self.answer(None, Outcome::Error, &Say::new(UNREACHABLE)),
            understand,
        )
    }

    /// Claims and carries out a decision; `None` where what it was made from has changed.
    async fn decide(
        &self,
        decision: &Decision,
        basis: &Basis,
    ) -> Result<Option<UtteranceOutcome>, Error> {
        let acts = decision.effect != Effect::Nothing;
        // Words that nothing here is called are kept nowhere: the utterance is decided anew
        // if it comes again.
        if !acts && decision.say.repeats_what_was_heard() {
            return Ok(Some(self.of_nothing_done(decision)));
        }
        let home = self.house.adapter.home();
        let commands = decision.effect.commands().to_vec();
        let mut entry = Entry {
            dangerous: highest(&home, &commands) > Risk::Low,
            commands,
            claimed_at: self.house.clock.wall(),
            outcome: None,
            sentence_digest: self.digest.clone(),
            intent: decision.intent.clone(),
            language: self.asked.language.clone(),
            planned: self.voice.reply_to(decision),
        };
        if entry.commands.is_empty() {
            entry.outcome = Some(self.of_nothing_done(decision));
        }
        let Some(fence) = self.house.instance.fence() else {
            return self.cannot_claim(
                decision,
                acts,
                UNREACHABLE,
                "this router's lease is not held",
            );
        };
        let (conditions, effects) = effects::of(self, &decision.effect, basis);
        let claim = self
            .house
            .ledger
            .claim(&self.key, &entry, fence.clone(), conditions, effects)
            .await;
        match claim {
            Ok(Claim::Made(claimed)) => {
                effects::settle(self.house, &decision.effect, claimed).await;
                match entry.outcome.clone() {
                    Some(outcome) => Ok(Some(outcome)),
                    None => Ok(Some(self.carry_out(entry, claimed, decision).await)),
                }
            }
            Ok(Claim::Exists(entry, written)) => self.replay(*entry, written).await.map(Some),
            Ok(Claim::Conflict) => Ok(None),
            Ok(Claim::Fenced) => {
                self.house.instance.lost(&fence);
                self.cannot_claim(decision, acts, UNREACHABLE, "this router's lease has ended")
            }
            // A timer or a list may have changed with the claim, and nobody knows.
            Err(error) if acts && error.code() == ErrorCode::Indeterminate => {
                tracing::warn!(%error, "not known whether the ledger was written");
                let (intent, say) = (decision.intent.clone(), Say::new("outcome_unknown"));
                Ok(Some(self.answer(intent, Outcome::Unknown, &say)))
            }
            Err(error) => {
                let code = match error.code() {
                    ErrorCode::NoSpace => "store_full",
                    _ => UNREACHABLE,
                };
                self.cannot_claim(decision, acts, code, &error.to_string())
            }
        }
    }

    /// Where nothing can be claimed nothing is done, but what needs no claim is answered.
    fn cannot_claim(
        &self,
        decision: &Decision,
        acts: bool,
        code: &'static str,
        reason: &str,
    ) -> Result<Option<UtteranceOutcome>, Error> {
        tracing::warn!(reason, "ledger not written");
        let intent = decision.intent.clone();
        if acts {
            let say = Say::new(code);
            return Ok(Some(self.answer(intent, Outcome::Error, &say)));
        }
        Ok(Some(self.of_nothing_done(decision)))
    }

    /// The outcome of a decision by which no device is told anything.
    fn of_nothing_done(&self, decision: &Decision) -> UtteranceOutcome {
        let (intent, reply) = (decision.intent.clone(), self.voice.reply_to(decision));
        let mut outcome = self.with_reply(intent, decision.outcome, reply);
        let unchanged = decision.about.iter().filter_map(|id| self.unchanged(id));
        outcome.devices = unchanged.collect();
        outcome
    }

    /// What an entry that exists says about this utterance.
    async fn replay(&self, entry: Entry, written: Revision) -> Result<UtteranceOutcome, Error> {
        let now = self.house.clock.wall();
        match ledger::replay(&entry, &self.digest, now, self.house.limits.retention) {
            Replay::Recorded(outcome) => Ok(outcome),
            Replay::Again => {
                let decision = Decision {
                    outcome: Outcome::Done,
                    intent: entry.intent.clone(),
                    effect: Effect::Devices(entry.commands.clone()),
                    about: Vec::new(),
                    say: Say::new("outcome_unknown"),
                    then: Vec::new(),
                };
                Ok(self.carry_out(entry, written, &decision).await)
            }
            Replay::Unknown => {
                let say = Say::new("outcome_unknown");
                Ok(self.answer(entry.intent, Outcome::Unknown, &say))
            }
            Replay::OtherSentence => Err(Error::new(
                ErrorCode::SentenceMismatch,
                "this session and ordinal were used for another sentence; count on",
            )),
            Replay::TooOld => {
                let message = "the utterance is older than what is remembered";
                Err(Error::new(ErrorCode::TooOld, message))
            }
        }
    }

    /// Tells the devices, and has what came of it recorded beside the reply.
    async fn carry_out(
        &self,
        entry: Entry,
        claimed: Revision,
        decision: &Decision,
    ) -> UtteranceOutcome {
        let told: Vec<_> = entry
            .commands
            .iter()
            .map(|command| self.tell(command))
            .collect();
        let executed: Vec<Executed> = stream::iter(told).buffered(AT_ONCE).collect().await;
        let all_well = executed.iter().all(|e| e.result.is_ok());
        let mut outcome = if all_well {
            self.with_reply(entry.intent.clone(), Outcome::Done, entry.planned.clone())
        } else {
            let home = self.house.adapter.home();
            let (outcome, say) = report(decision, &executed, &home, &self.asked.language);
            self.answer(entry.intent.clone(), outcome, &say)
        };
        let changes = executed.iter().filter_map(|e| self.change(e));
        outcome.devices = changes.collect();
        self.house
            .ledger
            .record(self.key.clone(), entry, claimed, outcome.clone())
            .await;
        outcome
    }

    async fn tell(&self, command: &Command) -> Executed {
        let before = self.house.state_of(&command.device);
        let span = trace::command(command);
        let result = self.house.tell(command).instrument(span.clone()).await;
        if result.is_err() {
            hark_runtime::trace::failed(&span, "device");
        }
        drop(span);
        self.house.metrics.command(result.is_ok());
        if let Err(error) = &result {
            tracing::warn!(%error, "command not carried out");
        }
        Executed {
            device: command.device.clone(),
            before,
            result,
        }
    }

    fn change(&self, executed: &Executed) -> Option<DeviceChange> {
        let after = executed.result.as_ref().copied().unwrap_or(executed.before);
        let unchanged = self.unchanged(&executed.device)?;
        Some(DeviceChange {
            before: executed.before,
            after,
            ..unchanged
        })
    }

    /// A device as it is, in the language of the utterance.
    fn unchanged(&self, id: &hark_core::DeviceId) -> Option<DeviceChange> {
        let home = self.house.adapter.home();
        let (device, language) = (home.device(id)?, &self.asked.language);
        let area = home
            .area(&device.area)
            .map_or("", |a| a.names.say(language));
        let state = self.house.state_of(id);
        Some(DeviceChange {
            device: device.id.clone(),
            name: device.names.say(language).to_owned(),
            area: area.to_owned(),
            before: state,
            after: state,
        })
    }

    fn answer(
        &self,
        intent: Option<hark_core::intent::Intent>,
        outcome: Outcome,
        say: &Say,
    ) -> UtteranceOutcome {
        self.with_reply(intent, outcome, self.voice.reply(say))
    }

    fn with_reply(
        &self,
        intent: Option<hark_core::intent::Intent>,
        outcome: Outcome,
        reply: Reply,
    ) -> UtteranceOutcome {
        UtteranceOutcome {
            outcome,
            intent,
            devices: Vec::new(),
            reply,
            replayed: false,
        }
    }
}

/// Decides what the readings are to do, from what is known now.
fn resolve_now(
    handling: &Handling<'_>,
    commands: &[Vec<hark_core::intent::Reading>],
    basis: &Basis,
) -> Decision {
    let house = handling.house;
    let (home, states) = (house.adapter.home(), house.adapter.states());
    let timers = basis.timers.iter().map(|t| t.timer.clone()).collect();
    let timers = timer::in_order(timers);
    let lists = basis
        .lists
        .iter()
        .map(|(id, (items, _))| (id.clone(), items.clone()))
        .collect();
    let now = house.clock.wall();
    let context = Context {
        home: &home,
        states: &states,
        timers: &timers,
        lists: &lists,
        language: &handling.asked.language,
        area: handling.area.as_ref(),
        speaker: handling.asked.speaker.as_ref(),
        caller: handling.asked.principal.kind,
        now,
        local: local(now, &house.zone),
        heard: &handling.asked.text,
        whole_home: house.limits.whole_home,
    };
    resolve_all(commands, &context)
}

/// A moment in the home's time zone.
fn local(now: Timestamp, zone: &jiff::tz::TimeZone) -> LocalTime {
    let moment = jiff::Timestamp::from_millisecond(now.unix_ms).unwrap_or_default();
    let local = moment.to_zoned(zone.clone());
    let small = |n: i8| u8::try_from(n).unwrap_or(0);
    LocalTime {
        hour: small(local.hour()),
        minute: small(local.minute()),
        date: Date {
            year: local.year(),
            month: small(local.month()),
            day: small(local.day()),
            weekday: small(local.weekday().to_monday_one_offset()),
        },
    }
}

fn digest(language: &Language, text: &str) -> Vec<u8> {
    let mut hasher = Sha256::new();
    for part in [language.as_str(), "\0", text] {
        hasher.update(part.as_bytes());
    }
    hasher.finalize().to_vec()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn local_time_is_that_of_the_home() {
        let zone = jiff::tz::TimeZone::get("Europe/Berlin").unwrap();
        // 2026-11-22 23:30 UTC: past midnight in Berlin, a Monday.
        let local = local(Timestamp::from_unix_ms(1_795_390_200_000), &zone);
        assert_eq!((local.hour, local.minute), (0, 30));
        assert_eq!((local.date.day, local.date.weekday), (23, 1));
    }

    #[test]
    fn another_language_or_text_has_another_digest() {
        let (de, en) = (Language::german(), Language::english());
        assert_eq!(digest(&de, "licht an"), digest(&de, "licht an"));
        assert_ne!(digest(&de, "licht an"), digest(&en, "licht an"));
        assert_ne!(digest(&de, "licht an"), digest(&de, "licht aus"));
    }
}
