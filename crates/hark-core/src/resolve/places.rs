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
    if matches!(place, Place::Home) && !context.whole_home {
        return Err(Verdict::refused(Say::new("refused_whole_home")));
    }
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
    let spared = Spared::of(intent, context)?;
    let meant = |d: &&Device| {
        let there = d.domain == domain && place.has(d, context.home);
        there && is_of_class(d, class) && !spared.has(d, context.home)
    };
    let devices: Vec<_> = context.home.devices.iter().filter(meant).collect();
    let phrase = place.phrase(context.language) + &spared.phrase(context.language);
    if devices.is_empty() {
        let say = Say::new("no_device_in_area").text("area", phrase);
        return Err(Verdict::failed(say));
    }
    Ok(Found {
        devices,
        place: Some(phrase),
    })
}

/// The devices of a domain that are meant by name or place. Where neither is said: those
/// around the speaker; else the only ones of the home, or of several those that are
/// `likely`, if that is one.
pub(super) fn anywhere<'a>(
    intent: &Intent,
    context: &Context<'a>,
    domain: Domain,
    likely: impl Fn(&Device) -> bool,
) -> Result<Found<'a>, Verdict> {
    let said = intent.text("name").is_some() || said_place(intent, context)?.is_some();
    if said {
        return find(intent, context, Some(domain));
    }
    let class = intent.text("device_class");
    let of_kind = |d: &&Device| d.domain == domain && is_of_class(d, class);
    let all: Vec<_> = context.home.devices.iter().filter(of_kind).collect();
    let near = narrowed(all, |d| Some(&d.area) == context.area);
    let meant = narrowed(near, likely);
    match meant[..] {
        [] => Err(Verdict::failed(Say::new("no_such_device"))),
        [_] => Ok(Found {
            devices: meant,
            place: None,
        }),
        _ => Err(which_device(meant.into_iter(), context.language)),
    }
}

/// How many exceptions one sentence may name.
const MAX_SPARED: usize = 4;

/// What a sentence says is not meant: "everywhere except in the kitchen".
#[derive(Default)]
struct Spared<'a> {
    places: Vec<Place<'a>>,
    devices: Vec<&'a Device>,
}

impl<'a> Spared<'a> {
    /// The slots `except_area`, `except_floor` and `except_name`, each also with `_2` to
    /// `_4`. What this home does not know is a question: what was to be left alone must
    /// not be switched.
    fn of(intent: &Intent, context: &Context<'a>) -> Result<Self, Verdict> {
        let mut all = Self::default();
        for nth in 1..=MAX_SPARED {
            let slot = |what: &str| match nth {
                1 => format!("except_{what}"),
                nth => format!("except_{what}_{nth}"),
            };
            if let Some(text) = intent.text(&slot("area")) {
                let area = area_called(context.home, text, context.language);
                let area = area.ok_or_else(|| unknown("unknown_area", intent, &slot("area")))?;
                all.places.push(Place::Area(area));
            }
            if let Some(text) = intent.text(&slot("floor")) {
                let floor = floor_called(context, text);
                let floor =
                    floor.ok_or_else(|| unknown("unknown_floor", intent, &slot("floor")))?;
                all.places.push(Place::Floor(floor));
            }
            if let Some(text) = intent.text(&slot("name")) {
                let called = |d: &&Device| is_called(&d.names, text, context.language);
                let mut named: Vec<_> = context.home.devices.iter().filter(called).collect();
                if named.is_empty() {
                    return Err(unknown("unknown_device", intent, &slot("name")));
                }
                all.devices.append(&mut named);
            }
        }
        Ok(all)
    }

    fn has(&self, device: &Device, home: &Home) -> bool {
        let named = self.devices.iter().any(|d| d.id == device.id);
        named || self.places.iter().any(|place| place.has(device, home))
    }

    /// " except in the kitchen", or nothing.
    fn phrase(&self, language: &Language) -> String {
        let places = self.places.iter().map(|p| p.phrase(language));
        let devices = self.devices.iter();
        let devices = devices.map(|d| d.names.phrase(language).to_owned());
        let all: Vec<_> = places.chain(devices).collect();
        match all.is_empty() {
            true => String::new(),
            false => format!(
                " {} {}",
                words::except(language),
                words::enumeration(&all, language)
            ),
        }
    }
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
        let found = floor_called(context, text);
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

fn floor_called<'a>(context: &Context<'a>, text: &str) -> Option<&'a crate::home::Floor> {
    context
        .home
        .floors
        .iter()
        .find(|floor| floor.id.as_str() == text || is_called(&floor.names, text, context.language))
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
        true => Verdict::failed(Say::new("no_such_device")),
        false => {
            Verdict::question(Say::new("which_device").with("choices", Argument::Texts(choices)))
        }
    }
}
