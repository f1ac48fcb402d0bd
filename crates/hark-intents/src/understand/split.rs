//! A sentence of several commands: where it is parted, and what its parts leave out.

use std::collections::HashMap;

use hark_core::intent::Reading;

use crate::matcher::{MAX_TEXT_CHARS, Matcher};

/// The most places at which a text is parted.
const MAX_PLACES: usize = 3;
/// The most words that are taken from the beginning of the part before, and from the end of
/// a part beside it.
const MAX_BEFORE: usize = 6;
const MAX_BEHIND: usize = 4;
/// The most texts that are looked up for one sentence.
const MAX_LOOKUPS: usize = 80;

/// A part of a sentence, made whole.
#[derive(Clone)]
struct Whole {
    /// How many words were left out.
    added: usize,
    /// What it is about: intent and slots, without their values.
    shape: Vec<String>,
    readings: Vec<Reading>,
}

impl Whole {
    /// Whether it is a question about the state of something.
    fn asks(&self) -> bool {
        let best = self.readings.first();
        best.is_some_and(|reading| &*reading.intent.name == "HassGetState")
    }
}

/// Whether the plainest way to make a part whole is a question.
fn asks(ways: &[Whole]) -> bool {
    let plainest = ways.iter().min_by_key(|whole| whole.added);
    plainest.is_some_and(Whole::asks)
}

impl Matcher {
    /// What each of several commands can mean; `None` where the text is not several.
    pub(crate) fn several(&self, text: &str) -> Option<Vec<Vec<Reading>>> {
        if text.chars().nth(MAX_TEXT_CHARS).is_some() {
            return None;
        }
        let words: Vec<&str> = text.split_whitespace().collect();
        let places = places(&words, self.language().primary());
        if places.is_empty() {
            return None;
        }
        let mut parts = Parting {
            matcher: self,
            known: HashMap::new(),
            lookups: 0,
        };
        // Few parts first: "und" may be within one.
        let mut ways: Vec<u32> = (1..1_u32 << places.len()).collect();
        ways.sort_by_key(|way| way.count_ones());
        ways.into_iter().find_map(|way| {
            let chosen = places.iter().enumerate();
            let chosen = chosen.filter(|(nth, _)| way >> nth & 1 == 1);
            let chosen: Vec<&Place> = chosen.map(|(_, place)| place).collect();
            parts.commands(&parted(&words, &chosen))
        })
    }
}

/// Words between two commands: from the first, up to the one behind the last.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Place {
    from: usize,
    to: usize,
}

/// Where a text may be parted: at an "and", a "then", a comma.
fn places(words: &[&str], language: &str) -> Vec<Place> {
    let (and, more): (&[&str], &[&str]) = match language {
        "de" => (
            &["und", "sowie"],
            &["dann", "danach", "außerdem", "auch", "noch"],
        ),
        _ => (&["and"], &["then", "also"]),
    };
    let bare = |word: &str| {
        word.trim_matches(|c: char| !c.is_alphanumeric())
            .to_lowercase()
    };
    let is = |at: usize, list: &[&str]| words.get(at).is_some_and(|w| list.contains(&&*bare(w)));
    let mut places = Vec::new();
    for at in 1..words.len() {
        let comma = words.get(at - 1).is_some_and(|w| w.ends_with(','));
        let place = if is(at, and) || is(at, more.get(..1).unwrap_or_default()) {
            let mut to = at + 1;
            while is(to, more) {
                to += 1;
            }
            Place { from: at, to }
        } else if comma {
            Place { from: at, to: at }
        } else {
            continue;
        };
        let follows = places
            .last()
            .is_none_or(|last: &Place| place.from > last.to);
        if follows && place.to < words.len() && places.len() < MAX_PLACES {
            places.push(place);
        }
    }
    places
}

fn parted<'t>(words: &[&'t str], places: &[&Place]) -> Vec<Vec<&'t str>> {
    let mut parts = Vec::new();
    let mut from = 0;
    for place in places {
        parts.push(words.get(from..place.from).unwrap_or_default().to_vec());
        from = place.to;
    }
    parts.push(words.get(from..).unwrap_or_default().to_vec());
    parts
}

struct Parting<'m> {
    matcher: &'m Matcher,
    /// What was looked up before.
    known: HashMap<String, Option<Vec<Reading>>>,
    lookups: usize,
}

impl Parting<'_> {
    /// The commands of these parts, if each can be made whole: all in one way where they
    /// can ("in the kitchen and the hall"), else each with as few words as do.
    fn commands(&mut self, parts: &[Vec<&str>]) -> Option<Vec<Vec<Reading>>> {
        let mut all: Vec<Vec<Whole>> = Vec::with_capacity(parts.len());
        for at in 0..parts.len() {
            let mut ways = self.ways(parts, at);
            if all.last().is_some_and(|before| asks(before)) && ways.iter().any(Whole::asks) {
                // "Is the light on and the door closed" closes nothing.
                ways.retain(Whole::asks);
            }
            if ways.is_empty() {
                return None;
            }
            all.push(ways);
        }
        let fewest = |ways: &[Whole]| ways.iter().min_by_key(|w| w.added).cloned();
        let plain: Vec<Whole> = all.iter().filter_map(|ways| fewest(ways)).collect();
        if plain.iter().all(|whole| whole.added == 0) {
            return Some(plain.into_iter().map(|w| w.readings).collect());
        }
        let alike = all.first()?.iter().filter_map(|first| {
            let same = |ways: &Vec<Whole>| {
                let same: Vec<_> = ways
                    .iter()
                    .filter(|w| w.shape == first.shape)
                    .cloned()
                    .collect();
                fewest(&same)
            };
            all.iter().map(same).collect::<Option<Vec<_>>>()
        });
        let added = |wholes: &Vec<Whole>| wholes.iter().map(|w| w.added).sum::<usize>();
        let chosen = alike.min_by_key(added).unwrap_or(plain);
        Some(chosen.into_iter().map(|w| w.readings).collect())
    }

    /// Every way to make a part whole with words of the parts beside it.
    fn ways(&mut self, parts: &[Vec<&str>], at: usize) -> Vec<Whole> {
        let part = |at: usize| parts.get(at).map(Vec::as_slice).unwrap_or_default();
        let own = part(at);
        let mut starts: Vec<&[&str]> = vec![&[]];
        let before = [(at > 0).then(|| at - 1), (at > 1).then_some(0)];
        for words in before.into_iter().flatten().map(part) {
            let counts = 1..=MAX_BEFORE.min(words.len());
            starts.extend(counts.filter_map(|count| words.get(..count)));
        }
        let mut behind: Vec<&[&str]> = vec![&[]];
        let beside = [at + 1, parts.len() - 1, at.wrapping_sub(1)];
        for words in beside.into_iter().filter(|other| *other != at).map(part) {
            for count in 1..=MAX_BEHIND.min(words.len()) {
                behind.push(words.get(words.len() - count..).unwrap_or_default());
            }
        }
        let mut ways: Vec<Whole> = Vec::new();
        for start in &starts {
            for end in &behind {
                let text = [start, own, end].concat().join(" ");
                if let Some(readings) = self.look_up(text) {
                    ways.push(Whole {
                        added: start.len() + end.len(),
                        shape: shape(&readings),
                        readings,
                    });
                }
            }
        }
        ways
    }

    /// What a text means by itself, if it is about something that can be acted on.
    fn look_up(&mut self, text: String) -> Option<Vec<Reading>> {
        if let Some(known) = self.known.get(&text) {
            return known.clone();
        }
        if self.lookups >= MAX_LOOKUPS {
            return None;
        }
        self.lookups += 1;
        let readings = self.matcher.readings(&text);
        let whole = self.matcher.is_complete(&readings) && says_what(&readings);
        let readings = whole.then_some(readings);
        self.known.insert(text, readings.clone());
        readings
    }
}

/// Whether it says what is to be switched, and not only where.
fn says_what(readings: &[Reading]) -> bool {
    readings.first().is_some_and(|reading| {
        let intent = &reading.intent;
        let switches = ["HassTurnOn", "HassTurnOff", "HassToggle"].contains(&&*intent.name);
        let has = |slot: &str| intent.slots.contains_key(slot);
        let talk = ["HassNevermind", "HassRespond"].contains(&&*intent.name);
        !talk && (!switches || has("name") || has("domain"))
    })
}

fn shape(readings: &[Reading]) -> Vec<String> {
    let Some(reading) = readings.first() else {
        return Vec::new();
    };
    let slots = reading.intent.slots.keys().cloned();
    std::iter::once(reading.intent.name.clone())
        .chain(slots)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_parted_where_commands_meet() {
        for (language, text, expect) in [
            (
                "de",
                "mach das Licht an und die Heizung aus",
                vec!["mach das Licht an", "die Heizung aus"],
            ),
            (
                "de",
                "Licht an, und dann Radio aus",
                vec!["Licht an,", "Radio aus"],
            ),
            (
                "de",
                "Flur, Bad und Küche hell",
                vec!["Flur,", "Bad", "Küche hell"],
            ),
            (
                "en",
                "lights on then radio off",
                vec!["lights on", "radio off"],
            ),
            ("de", "Licht an, Radio aus", vec!["Licht an,", "Radio aus"]),
            ("en", "lights on and", vec!["lights on and"]),
            ("en", "and lights on", vec!["and lights on"]),
            ("de", "auf 21,5 Grad", vec!["auf 21,5 Grad"]),
        ] {
            let words: Vec<&str> = text.split_whitespace().collect();
            let places = places(&words, language);
            let parts = parted(&words, &places.iter().collect::<Vec<_>>());
            let parts: Vec<String> = parts.iter().map(|p| p.join(" ")).collect();
            assert_eq!(parts, expect, "{text}");
        }
    }
}
