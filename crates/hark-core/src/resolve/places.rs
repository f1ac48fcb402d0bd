//! Which devices a sentence means: by name, by area, by floor, or those around the
//! speaker. Never all of them, unless somebody said so in as many words.

use super::Context;
use super::verdict::Verdict;
use crate::device::Domain;
use crate::home::{Area, Device, Home, Names};
use crate::ids::AreaId;
use crate::intent::Intent;
use crate::language::Language;
use crate::reply::{Argument, Say};
use crate::{risk, words};

/// Classes of covers that people mix up: any of these words means any cover that is no
/// entrance and no window.
const SHADES: [&str; 4] = ["blind", "shutter", "curtain", "awning"];

/// The devices that are meant.
pub(super) struct Found<'a> {
    /// At least one.
    pub devices: Vec<&'a Device>,
    /// How a reply calls the place; `None` where one device was named.
    pub place: Option<String>,
}

impl<'a> Found<'a> {
    /// The one device, where it was named or is the only one of its kind there.
    pub fn one(&self) -> Option<&'a Device> {
        match self.devices[..] {
            [device] => Some(device),
            _ => None,
        }
    }
}

/// Where a sentence points when it names no device.
pub(super) enum Place<'a> {
    Area(&'a Area),
    Floor(&'a crate::home::Floor),
    Home,
}

impl Place<'_> {
    pub fn has(&self, device: &Device, home: &Home) -> bool {
        match self {
            Self::Area(area) => device.area == area.id,
            Self::Floor(floor) => {
                let area = home.area(&device.area);
                area.and_then(|a| a.floor.as_ref()) == Some(&floor.id)
            }
            Self::Home => true,
        }
    }

    pub fn phrase(&self, language: &Language) -> String {
        match self {
            Self::Area(area) => area.names.phrase(language).to_owned(),
            Self::Floor(floor) => floor.names.phrase(language).to_owned(),
            Self::Home => words::whole_home(language).to_owned(),
        }
    }
}

/// The devices that are meant by `name`, or all of `domain` at the place.
pub(super) fn find<'a>(
    intent: &Intent,
    context: &Context<'a>,
    domain: Option<Domain>,
) -> Result<Found<'a>, Verdict> {
    if intent.text("name").is_some() {
        let device = named(intent, context, domain)?;
        return Ok(Found {
            devices: vec![device],
            place: None,
        });
    }
    let place = place(intent, context)?.ok_or_else(|| ask("which_area"))?;
    let Some(domain) = domain else {
        let here = |d: &&Device| place.has(d, context.home) && d.can.on_off;
        let choices = context.home.devices.iter().filter(here);
        return Err(which_device(choices, context.language));
    };
    of_kind(intent, context, domain, &place)
}

/// All devices of a domain (and class, if one was said) at a place.
pub(super) fn of_kind<'a>(
    intent: &Intent,
    context: &Context<'a>,
    domain: Domain,
    place: &Place<'_>,
) -> Result<Found<'a>, Verdict> {
    let class = intent.text("device_class");
    let meant =
        |d: &&Device| d.domain == domain && place.has(d, context.home) && is_of_class(d, class);
    let devices: Vec<_> = context.home.devices.iter().filter(meant).collect();
    let phrase = place.phrase(context.language);
    if devices.is_empty() {
        let say = Say::new("no_device_in_area").text("area", phrase);
        return Err(Verdict::failed(say));
    }
    Ok(Found {
        devices,
        place: Some(phrase),
    })
}

/// Whether a word for a class of devices means this one. Entrances are only meant by
/// their own class.
fn is_of_class(device: &Device, class: Option<&str>) -> bool {
    match class {
        Some(class) if SHADES.contains(&class) => {
            !risk::is_entrance(device) && device.device_class != "window"
        }
        Some(class) => device.device_class == class,
        None => !risk::is_entrance(device),
    }
}

/// The place that the sentence names, else the area of the speaker, else `None`.
pub(super) fn place<'a>(
    intent: &Intent,
    context: &Context<'a>,
) -> Result<Option<Place<'a>>, Verdict> {
    if let Some(place) = said_place(intent, context)? {
        return Ok(Some(place));
    }
    let area = context.area.and_then(|id| context.home.area(id));
    Ok(area.map(Place::Area))
}

/// The place that the sentence itself names.
pub(super) fn said_place<'a>(
    intent: &Intent,
    context: &Context<'a>,
) -> Result<Option<Place<'a>>, Verdict> {
    let home = context.home;
    if let Some(area) = intent.text("area") {
        let found = area_called(home, area, context.language);
        let found = found.ok_or_else(|| unknown("unknown_area", intent, "area"))?;
        return Ok(Some(Place::Area(found)));
    }
    if let Some(text) = intent.text("floor") {
        let called = |floor: &&crate::home::Floor| {
            floor.id.as_str() == text || is_called(&floor.names, text, context.language)
        };
        let found = home.floors.iter().find(called);
        let found = found.ok_or_else(|| unknown("unknown_floor", intent, "floor"))?;
        return Ok(Some(Place::Floor(found)));
    }
    let whole = intent.text("scope") == Some("home");
    Ok(whole.then_some(Place::Home))
}

/// The area with that id or name: in `language`, else in any. `None` also where two
/// areas have that name.
pub fn area_of(home: &Home, text: &str, language: &Language) -> Option<AreaId> {
    area_called(home, text, language).map(|area| area.id.clone())
}

pub(super) fn area_called<'a>(home: &'a Home, text: &str, language: &Language) -> Option<&'a Area> {
    let by_id = AreaId::parse(text).ok().and_then(|id| home.area(&id));
    if by_id.is_some() {
        return by_id;
    }
    let mut called = home
        .areas
        .iter()
        .filter(|area| is_called(&area.names, text, language));
    match (called.next(), called.next()) {
        (Some(area), None) => Some(area),
        _ => None,
    }
}

/// The one device that is meant by the slot `name`.
fn named<'a>(
    intent: &Intent,
    context: &Context<'a>,
    domain: Option<Domain>,
) -> Result<&'a Device, Verdict> {
    let name = intent.text("name").unwrap_or_default();
    let place = said_place(intent, context)?;
    let devices = context.home.devices.iter().filter(|device| {
        let called = device.id.as_str() == name;
        let called = called || is_called(&device.names, name, context.language);
        let there = place.as_ref().is_none_or(|p| p.has(device, context.home));
        called && there
    });
    let devices = devices.collect();
    // A domain that the verb implies and a speaker's own area only tell apart what
    // would be ambiguous without them.
    let devices = narrowed(devices, |d| domain.is_none_or(|domain| d.domain == domain));
    let devices = narrowed(devices, |d| Some(&d.area) == context.area);
    match devices[..] {
        [] => Err(unknown("unknown_device", intent, "name")),
        [device] => Ok(device),
        _ => Err(which_device(devices.into_iter(), context.language)),
    }
}

/// Those for which `wanted` holds, if there are any; else all.
fn narrowed(devices: Vec<&Device>, wanted: impl Fn(&Device) -> bool) -> Vec<&Device> {
    let fewer: Vec<_> = devices.iter().copied().filter(|d| wanted(d)).collect();
    if fewer.is_empty() { devices } else { fewer }
}

fn is_called(names: &Names, text: &str, language: &Language) -> bool {
    let text = plain(text);
    names.all(language).into_iter().any(|n| plain(n) == text)
}

fn plain(name: &str) -> String {
    let words: Vec<_> = name.split_whitespace().map(str::to_lowercase).collect();
    words.join(" ")
}

/// A question without arguments.
pub(super) fn ask(code: &'static str) -> Verdict {
    Verdict::question(Say::new(code))
}

/// A question about words that this home does not know.
pub(super) fn unknown(code: &'static str, intent: &Intent, slot: &str) -> Verdict {
    let slot = intent.slots.get(slot);
    let spoken = slot.map(|s| match &*s.spoken {
        "" => s.value.to_string(),
        spoken => spoken.to_owned(),
    });
    Verdict::question(Say::new(code).text("spoken", spoken.unwrap_or_default()))
}

/// At most so many devices are offered.
const MAX_CHOICES: usize = 6;

fn which_device<'a>(devices: impl Iterator<Item = &'a Device>, language: &Language) -> Verdict {
    let names = devices.map(|d| d.names.say(language).to_owned());
    let choices: Vec<_> = names.take(MAX_CHOICES).collect();
    match choices.is_empty() {
        true => ask("not_understood"),
        false => {
            Verdict::question(Say::new("which_device").with("choices", Argument::Texts(choices)))
        }
    }
}
