//! Lights: how bright, and which colour. Relative wishes become absolute here, each
//! lamp against its own state.

use super::cover::percent;
use super::places::{Found, find, unknown};
use super::switch::{cannot, state, with_device};
use super::verdict::Verdict;
use super::{Context, not_yet};
use crate::device::{Command, DeviceState, Domain, Rgb};
use crate::home::Device;
use crate::intent::{Intent, SlotValue};
use crate::reply::Say;

/// The step of "brighter" where no number was said, in percent points.
const STEP: i32 = 20;
/// Darker never means off: this is as dark as it gets, in percent.
const DARKEST: i32 = 1;

/// Colours by Home Assistant's names, with their CSS values.
const COLORS: [(&str, u32); 17] = [
    ("white", 0xff_ff_ff),
    ("red", 0xff_00_00),
    ("orange", 0xff_a5_00),
    ("yellow", 0xff_ff_00),
    ("green", 0x00_80_00),
    ("lime", 0x00_ff_00),
    ("blue", 0x00_00_ff),
    ("purple", 0x80_00_80),
    ("violet", 0xee_82_ee),
    ("pink", 0xff_c0_cb),
    ("magenta", 0xff_00_ff),
    ("brown", 0xa5_2a_2a),
    ("turquoise", 0x40_e0_d0),
    ("cyan", 0x00_ff_ff),
    ("gold", 0xff_d7_00),
    ("lavender", 0xe6_e6_fa),
    ("teal", 0x00_80_80),
];

/// What is wanted of the lights.
enum Wish {
    Brightness(u8),
    Step(i32),
    Color(Rgb, String),
}

/// Sets brightness or colour.
pub(super) fn set(intent: &Intent, context: &Context<'_>) -> Result<Verdict, Verdict> {
    let wish = wish(intent)?;
    let mut found = find(intent, context, Some(Domain::Light))?;
    let first = found.devices[0];
    found.devices.retain(|d| wish.suits(d));
    if found.devices.is_empty() {
        return Err(cannot(context, first));
    }
    // Of several lights that are to be brighter or darker, those that are on are meant.
    let is_on = |d: &Device| state(context, d).on == Some(true);
    if matches!(wish, Wish::Step(_)) && found.devices.iter().any(|d| is_on(d)) {
        found.devices.retain(|d| is_on(d));
    }
    let commands: Vec<_> = found
        .devices
        .iter()
        .map(|d| Command {
            device: d.id.clone(),
            target: wish.target(&state(context, d)),
        })
        .collect();
    let say = wish.say(context, &found, &commands[0].target);
    Ok(Verdict::commands(commands, say))
}

fn wish(intent: &Intent) -> Result<Wish, Verdict> {
    if intent.number("temperature").is_some() {
        return Err(not_yet("light_temperature"));
    }
    if let Some(name) = intent.text("color") {
        let color = color(name).ok_or_else(|| unknown("unknown_color", intent, "color"))?;
        let slot = intent.slots.get("color");
        let spoken = slot.map(|s| s.spoken.clone()).filter(|s| !s.is_empty());
        return Ok(Wish::Color(
            color,
            spoken.unwrap_or_else(|| name.to_owned()),
        ));
    }
    match intent.slots.get("brightness_step").map(|slot| &slot.value) {
        #[expect(
            clippy::cast_possible_truncation,
            reason = "`as` clips, and steps beyond 100 are clamped anyway"
        )]
        Some(SlotValue::Number(step)) => Ok(Wish::Step(step.round() as i32)),
        Some(SlotValue::Text(text)) if text == "up" => Ok(Wish::Step(STEP)),
        Some(SlotValue::Text(text)) if text == "down" => Ok(Wish::Step(-STEP)),
        _ => percent(intent, "brightness").map(Wish::Brightness),
    }
}

/// The colour of that name.
fn color(name: &str) -> Option<Rgb> {
    let (_, rgb) = COLORS.iter().find(|(known, _)| *known == name)?;
    let [_, red, green, blue] = rgb.to_be_bytes();
    Some(Rgb { red, green, blue })
}

impl Wish {
    fn suits(&self, device: &Device) -> bool {
        match self {
            Self::Brightness(_) | Self::Step(_) => device.can.brightness,
            Self::Color(..) => device.can.color,
        }
    }

    /// The state that a light is to have which has `now`.
    fn target(&self, now: &DeviceState) -> DeviceState {
        let on = DeviceState {
            on: Some(true),
            ..Default::default()
        };
        let bright = |percent: u8| DeviceState {
            brightness_pct: Some(percent),
            ..on
        };
        match self {
            Self::Color(color, _) => DeviceState {
                color: Some(*color),
                ..on
            },
            // What is off keeps the brightness that it has when it is on.
            Self::Brightness(0) => DeviceState {
                on: Some(false),
                ..Default::default()
            },
            Self::Brightness(percent) => bright(*percent),
            Self::Step(step) => match stepped(now, *step) {
                Some(percent) => bright(percent),
                None => DeviceState {
                    on: Some(false),
                    ..Default::default()
                },
            },
        }
    }

    fn say(&self, context: &Context<'_>, found: &Found<'_>, target: &DeviceState) -> Say {
        let one = || found.devices[0];
        let brightness = target.brightness_pct;
        match (self, &found.place) {
            (Self::Color(_, name), None) => {
                with_device("light_color", context, one()).text("color", name)
            }
            (Self::Color(_, name), Some(place)) => Say::new("lights_color")
                .text("area", place)
                .text("color", name),
            (Self::Step(step), Some(place)) if found.one().is_none() => {
                let code = if *step < 0 {
                    "lights_darker"
                } else {
                    "lights_brighter"
                };
                Say::new(code).text("area", place)
            }
            (_, None) => match brightness {
                Some(percent) => {
                    with_device("light_brightness", context, one()).number("brightness", percent)
                }
                None => with_device("light_off", context, one()),
            },
            (_, Some(place)) => match brightness {
                Some(percent) => Say::new("lights_brightness")
                    .text("area", place)
                    .number("brightness", percent),
                None => Say::new("lights_off").text("area", place),
            },
        }
    }
}

/// The brightness after a step; `None` where the light is off and is to be darker.
fn stepped(now: &DeviceState, step: i32) -> Option<u8> {
    let is_on = now.on == Some(true);
    if !is_on && step < 0 {
        return None;
    }
    let from = match is_on {
        true => i32::from(now.brightness_pct.unwrap_or(100)),
        false => 0,
    };
    let percent = from.saturating_add(step).clamp(DARKEST, 100);
    Some(u8::try_from(percent).expect("it is clamped to at most 100"))
}
