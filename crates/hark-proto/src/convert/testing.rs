//! Strategies for every domain type that is converted.

#![allow(
    clippy::unwrap_used,
    reason = "helpers of tests may unwrap as tests do"
)]

use std::collections::BTreeMap;
use std::time::Duration;

use hark_core::device::{Condition, DeviceState, Domain, Rgb};
use hark_core::engine::{self, Token, Transcription};
use hark_core::home::{Area, Capabilities, Device, DeviceWithState, LocalNames, Names, StateAt};
use hark_core::ids::{AreaId, DeviceId, FloorId, HomeId};
use hark_core::intent::{Intent, Slot, SlotValue};
use hark_core::outcome::{DeviceChange, Outcome, Reply, Timings, UtteranceOutcome};
use hark_core::principal::{Authentication, Kind, Principal};
use hark_core::store::Revision;
use hark_core::time::Timestamp;
use hark_core::timer::Timer;
use hark_core::{Language, SpeakerId, TimerId};
use proptest::option::of;
use proptest::prelude::*;

fn id() -> impl Strategy<Value = String> {
    "[a-zA-Z0-9_.:-]{1,24}"
}

fn text() -> impl Strategy<Value = String> {
    "[ -~äöüÄÖÜß☃]{0,24}"
}

pub(crate) fn device_id() -> impl Strategy<Value = DeviceId> {
    id().prop_map(|t| DeviceId::parse(&t).unwrap())
}

pub(crate) fn timer_id() -> impl Strategy<Value = TimerId> {
    id().prop_map(|t| TimerId::parse(&t).unwrap())
}

pub(crate) fn area_id() -> impl Strategy<Value = AreaId> {
    id().prop_map(|t| AreaId::parse(&t).unwrap())
}

pub(crate) fn language() -> impl Strategy<Value = Language> {
    prop::sample::select(vec!["de", "de-AT", "en", "en-GB", "zh-Hant-TW"])
        .prop_map(|t| Language::parse(t).unwrap())
}

pub(crate) fn duration() -> impl Strategy<Value = Duration> {
    (0..1_000_000_u64, 0..1_000_000_000_u32).prop_map(|(s, n)| Duration::new(s, n))
}

pub(crate) fn principal() -> impl Strategy<Value = Principal> {
    let kind = prop::sample::select(Kind::ALL.to_vec());
    let authentication = prop::sample::select(vec![
        Authentication::Loopback,
        Authentication::Token,
        Authentication::Certificate,
        Authentication::InProcess,
        Authentication::Insecure,
    ]);
    (kind, text(), authentication, id(), of(area_id())).prop_map(
        |(kind, id, authentication, home, area)| Principal {
            kind,
            id,
            authentication,
            home: HomeId::parse(&home).unwrap(),
            area,
        },
    )
}

pub(crate) fn state() -> impl Strategy<Value = DeviceState> {
    let color = any::<[u8; 3]>().prop_map(|[red, green, blue]| Rgb { red, green, blue });
    let lamp = (of(any::<bool>()), of(0..=100_u8), of(color), of(0..=100_u8));
    let celsius = || of(-50.0..100.0_f64);
    let rest = (
        celsius(),
        celsius(),
        of(any::<bool>()),
        of(any::<bool>()),
        of(any::<bool>()),
    );
    let player = (
        of(0..=100_u8),
        of(0..=100_u8),
        of(any::<bool>()),
        of(any::<bool>()),
        of(any::<u32>()),
    );
    let condition = of(prop::sample::select(Condition::ALL.to_vec()));
    let others = (of(any::<bool>()), condition, of(-1e6..1e6_f64));
    (lamp, rest, player, others).prop_map(|(lamp, rest, player, others)| DeviceState {
        on: lamp.0,
        brightness_pct: lamp.1,
        color: lamp.2,
        position_pct: lamp.3,
        target_celsius: rest.0,
        current_celsius: rest.1,
        locked: rest.2,
        open: rest.3,
        available: rest.4,
        speed_pct: player.0,
        volume_pct: player.1,
        muted: player.2,
        playing: player.3,
        track: player.4,
        working: others.0,
        condition: others.1,
        measured: others.2,
    })
}

pub(crate) fn change() -> impl Strategy<Value = DeviceChange> {
    (device_id(), text(), text(), state(), state()).prop_map(
        |(device, name, area, before, after)| DeviceChange {
            device,
            name,
            area,
            before,
            after,
        },
    )
}

pub(crate) fn intent() -> impl Strategy<Value = Intent> {
    let value = prop_oneof![
        text().prop_map(SlotValue::Text),
        (-1e9..1e9_f64).prop_map(SlotValue::Number)
    ];
    let slot = (value, text()).prop_map(|(value, spoken)| Slot { value, spoken });
    let slots = prop::collection::btree_map("[a-z_]{1,12}", slot, 0..4);
    ("Hass[A-Za-z]{1,16}", slots).prop_map(|(name, slots)| Intent { name, slots })
}

pub(crate) fn reply() -> impl Strategy<Value = Reply> {
    let arguments = prop::collection::btree_map("[a-z_]{1,8}", text(), 0..4);
    ("[a-z_]{1,12}", arguments, language(), text()).prop_map(|(code, arguments, language, text)| {
        Reply {
            code,
            arguments,
            language,
            text,
        }
    })
}

pub(crate) fn utterance_outcome() -> impl Strategy<Value = UtteranceOutcome> {
    let outcome = prop::sample::select(vec![
        Outcome::Done,
        Outcome::NotUnderstood,
        Outcome::Question,
        Outcome::Refused,
        Outcome::Error,
        Outcome::Unknown,
    ]);
    let devices = prop::collection::vec(change(), 0..3);
    (outcome, of(intent()), devices, reply(), any::<bool>()).prop_map(
        |(outcome, intent, devices, reply, replayed)| UtteranceOutcome {
            outcome,
            intent,
            devices,
            reply,
            replayed,
        },
    )
}

pub(crate) fn timings() -> impl Strategy<Value = Timings> {
    let four = || {
        (
            of(duration()),
            of(duration()),
            of(duration()),
            of(duration()),
        )
    };
    (four(), four()).prop_map(|(a, b)| Timings {
        speech: a.0,
        endpoint: a.1,
        queue: a.2,
        encode: a.3,
        decode: b.0,
        intent: b.1,
        action: b.2,
        total: b.3,
    })
}

pub(crate) fn names() -> impl Strategy<Value = Names> {
    let local = (text(), prop::collection::vec(text(), 0..3), of(text())).prop_map(
        |(name, aliases, phrase)| LocalNames {
            name,
            aliases,
            phrase,
        },
    );
    prop::collection::btree_map(language(), local, 0..3)
        .prop_map(|names: BTreeMap<_, _>| Names(names))
}

pub(crate) fn area() -> impl Strategy<Value = Area> {
    let floor = of(id().prop_map(|t| FloorId::parse(&t).unwrap()));
    (area_id(), names(), floor).prop_map(|(id, names, floor)| Area { id, names, floor })
}

pub(crate) fn device() -> impl Strategy<Value = DeviceWithState> {
    let domain = prop::sample::select(Domain::ALL.to_vec());
    let can = any::<[bool; 9]>().prop_map(|c| Capabilities {
        on_off: c[0],
        brightness: c[1],
        color: c[2],
        position: c[3],
        temperature: c[4],
        lock: c[5],
        speed: c[6],
        media: c[7],
        work: c[8],
    });
    let device = (device_id(), domain, text(), area_id(), names(), can).prop_map(
        |(id, domain, device_class, area, names, can)| Device {
            id,
            domain,
            device_class,
            area,
            names,
            can,
        },
    );
    (device, state(), 0..i64::MAX).prop_map(|(device, state, revision)| DeviceWithState {
        device,
        at: StateAt {
            state,
            revision: Revision(revision),
        },
    })
}

pub(crate) fn transcription() -> impl Strategy<Value = Transcription> {
    let token = (
        any::<u32>(),
        prop::collection::vec(any::<u8>(), 0..5),
        -50.0..0.0_f32,
    )
        .prop_map(|(id, bytes, logprob)| Token { id, bytes, logprob });
    let tokens = prop::collection::vec(token, 0..4);
    let timings =
        (duration(), duration()).prop_map(|(encode, decode)| engine::Timings { encode, decode });
    (
        text(),
        language(),
        tokens,
        -9.0..0.0_f32,
        0.0..1.0_f32,
        timings,
    )
        .prop_map(
            |(text, language, tokens, avg_logprob, no_speech_probability, timings)| Transcription {
                text,
                language,
                tokens,
                avg_logprob,
                no_speech_probability,
                timings,
            },
        )
}

pub(crate) fn timer() -> impl Strategy<Value = Timer> {
    let speaker = of(id().prop_map(|t| SpeakerId::parse(&t).unwrap()));
    let started = (0..4_000_000_000_000_i64).prop_map(Timestamp::from_unix_ms);
    (
        timer_id(),
        text(),
        duration(),
        started,
        speaker,
        of(area_id()),
        language(),
        of(duration()),
    )
        .prop_map(
            |(id, name, duration, started_at, speaker, area, language, paused)| Timer {
                id,
                name,
                duration,
                started_at,
                speaker,
                area,
                language,
                paused,
            },
        )
}
