//! Understanding a sentence in the built-in home, in both languages: one that is simple,
//! one with a number, one that means nothing; and compiling the sentences for a home.
//! Then the same for a home of 1,000 devices in 60 areas, with our sentences and with Home
//! Assistant's: how long the median sentence takes, and the slowest of a hundred, by the
//! exact match and by all that is tried for what nobody said exactly. That home and what is
//! said in it go to target/large-home.json, for `benches/peers/home_assistant.py`.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use criterion::Criterion;
use hark_core::Language;
use hark_home::Description;
use hark_intents::{Entry, Lexicon, Matcher, Sentences};

const TEXTS: &[(&str, &str, &str)] = &[
    ("de", "light", "Schalte das Licht im Flur ein!"),
    (
        "de",
        "brightness",
        "Stell das Licht in der Küche auf dreißig Prozent",
    ),
    (
        "de",
        "nothing",
        "Gestern regnete es den ganzen Tag in Strömen",
    ),
    ("en", "light", "Turn on the light in the hallway"),
    (
        "en",
        "nothing",
        "It was raining cats and dogs all day yesterday",
    ),
];

fn main() {
    let mut criterion = hark_benches::criterion();
    compile(&mut criterion);
    readings(&mut criterion);
    criterion.final_summary();
    hand_over();
    for tag in ["de", "en"] {
        let language = Language::parse(tag).expect("a language tag");
        let ours = Sentences::builtin(&language).expect("built in");
        large("ours", &ours, &language);
        let folder = hark_benches::project("crates/hark-intents/tests/hassil");
        let theirs = Sentences::load_for(&folder, &language).expect("they are in the tree");
        large("Home Assistant's", &theirs, &language);
    }
}

/// The rooms of each wing of the large home, in German and in English.
const ROOMS: [[&str; 10]; 2] = [
    [
        "Küche",
        "Wohnzimmer",
        "Bad",
        "Flur",
        "Büro",
        "Keller",
        "Garage",
        "Werkstatt",
        "Terrasse",
        "Diele",
    ],
    [
        "kitchen",
        "living room",
        "bathroom",
        "hallway",
        "office",
        "basement",
        "garage",
        "workshop",
        "terrace",
        "lobby",
    ],
];
/// What is in each room, with its domain.
const KINDS: [[&str; 6]; 2] = [
    [
        "Deckenlampe",
        "Stehlampe",
        "Steckdose",
        "Rollladen",
        "Heizung",
        "Ventilator",
    ],
    [
        "ceiling lamp",
        "floor lamp",
        "socket",
        "blind",
        "heater",
        "fan",
    ],
];
const DOMAINS: [&str; 6] = ["light", "light", "switch", "cover", "climate", "fan"];
const WINGS: [&str; 6] = ["Nord", "Ost", "Süd", "West", "Mitte", "Anbau"];

/// A home of 1,000 devices in 60 areas.
fn large_home(language: &Language) -> Lexicon {
    let spoken = usize::from(language.primary() != "de");
    let (rooms, kinds) = (ROOMS[spoken], KINDS[spoken]);
    let entry = |name: String, domain: Option<&str>| Entry {
        spoken: vec![name.clone()],
        value: name,
        context: domain
            .iter()
            .map(|d| ("domain".into(), (*d).into()))
            .collect(),
    };
    let in_wing = |wing| rooms.iter().map(move |room| format!("{room} {wing}"));
    let areas: Vec<String> = WINGS.iter().flat_map(in_wing).collect();
    let devices = (0..1000).map(|n| {
        let (kind, domain) = (kinds[n % kinds.len()], DOMAINS[n % kinds.len()]);
        let area = &areas[n / kinds.len() % areas.len()];
        let number = n / (kinds.len() * areas.len()) + 1;
        entry(format!("{kind} {area} {number}"), Some(domain))
    });
    let lists = [
        ("name".to_owned(), devices.collect()),
        (
            "area".to_owned(),
            areas.iter().map(|a| entry(a.clone(), None)).collect(),
        ),
        ("floor".to_owned(), vec![entry("Obergeschoss".into(), None)]),
    ];
    Lexicon {
        language: language.clone(),
        lists: lists.into(),
    }
}

/// Sentences that mean something in it, and some that mean nothing.
fn said_there(home: &Lexicon) -> [Vec<String>; 2] {
    let german = home.language.primary() == "de";
    let (about, places, nothing): (&[&str], &[&str], &[&str]) = if german {
        (
            &["schalte {} ein", "mach {} aus", "{} einschalten"],
            &[
                "schalte das Licht in {} ein",
                "mach alle Lichter in {} aus",
                "wie warm ist es in {}",
                "stelle einen Timer auf fünf Minuten",
            ],
            &[
                "gestern regnete es den ganzen Tag in {}",
                "ich habe heute {} geputzt und dann gekocht",
                "hast du schon gehört was in {} passiert ist",
            ],
        )
    } else {
        (
            &["turn on {}", "switch {} off", "{} on"],
            &[
                "turn on the lights in {}",
                "turn off all lights in the {}",
                "what is the temperature in {}",
                "set a timer for five minutes",
            ],
            &[
                "it was raining all day in {}",
                "i have cleaned the {} today and then cooked",
                "did you hear what happened in {}",
            ],
        )
    };
    let fill = |templates: &[&str], list: &str| -> Vec<String> {
        let names = home.lists[list].iter().step_by(7);
        let all = names.flat_map(|e| templates.iter().map(|t| t.replace("{}", &e.value)));
        all.collect()
    };
    [
        [fill(about, "name"), fill(places, "area")].concat(),
        fill(nothing, "area"),
    ]
}

/// Compiles for that home and says how long things take.
fn large(whose: &str, sentences: &Sentences, language: &Language) {
    let home = large_home(language);
    let before = resident_mb();
    let start = Instant::now();
    let matcher = Matcher::compile(sentences, &home).expect("it compiles");
    let compiled = start.elapsed();
    let after = resident_mb();
    let mut other = home.clone();
    other.lists.get_mut("name").expect("devices")[500]
        .spoken
        .push("Omas Lampe".into());
    let start = Instant::now();
    let renamed = matcher.with_names(&other);
    let changed = start.elapsed();
    println!(
        "intents/large {language} {whose}: {} templates, compile {compiled:.1?}, one device changed {changed:.1?}, {:.0} MB",
        sentences.len(),
        after - before
    );
    for (what, texts) in ["understood", "nothing"].iter().zip(said_there(&home)) {
        report(&format!("{language} {whose}, {what}"), &texts, |text| {
            !renamed.readings(text).is_empty()
        });
        report(
            &format!("{language} {whose}, {what}, fuzzy"),
            &texts,
            |text| !renamed.understand(&[text], true).commands.is_empty(),
        );
    }
}

fn report(what: &str, texts: &[String], understood: impl Fn(&str) -> bool) {
    let mut found = 0;
    let timed = texts.iter().map(|text| {
        // The fastest of three: machines are shared.
        let once = |_| {
            let start = Instant::now();
            let understood = understood(text);
            (start.elapsed(), understood)
        };
        let fastest = (0..3).map(once).min().expect("three of them");
        found += usize::from(fastest.1);
        fastest.0
    });
    let mut times: Vec<Duration> = timed.collect();
    times.sort();
    let at = |share: usize| times[(times.len() - 1) * share / 100];
    println!(
        "intents/large {what}: p50 {:.1?}, p99 {:.1?}, slowest {:.1?} ({found} of {} have a reading)",
        at(50),
        at(99),
        at(100),
        texts.len()
    );
}

/// Writes the large home and what is said in it, in each language.
fn hand_over() {
    let in_language = |tag: &str| {
        let language = Language::parse(tag).expect("a language tag");
        let home = large_home(&language);
        let lists = home.lists.iter().map(|(list, entries)| {
            let domain = |e: &Entry| e.context.get("domain").cloned();
            let entries = entries.iter().map(|e| (e.value.clone(), domain(e)));
            (list.clone(), entries.collect::<Vec<_>>())
        });
        let [understood, nothing] = said_there(&home);
        serde_json::json!({
            "lists": lists.collect::<BTreeMap<_, _>>(),
            "understood": understood,
            "nothing": nothing,
        })
    };
    let all = serde_json::json!({"de": in_language("de"), "en": in_language("en")});
    let path = hark_benches::project("target/large-home.json");
    std::fs::write(&path, all.to_string()).expect("target can be written to");
}

/// Memory that this process holds; 0 where the system doesn't say.
fn resident_mb() -> f64 {
    let pages = std::fs::read_to_string("/proc/self/statm").unwrap_or_default();
    let pages = pages.split(' ').nth(1).and_then(|n| n.parse::<f64>().ok());
    pages.unwrap_or(0.0) * 4096.0 / 1e6
}

fn parts(tag: &str) -> (Sentences, Lexicon) {
    let language = Language::parse(tag).expect("a language tag");
    let sentences = Sentences::builtin(&language).expect("built in");
    let home = Description::builtin();
    (sentences, Lexicon::of_home(home.home(), &language))
}

fn compile(criterion: &mut Criterion) {
    let (sentences, lexicon) = parts("de");
    criterion.bench_function("intents/compile de", |b| {
        b.iter(|| Matcher::compile(&sentences, &lexicon).expect("it compiles"));
    });
}

fn readings(criterion: &mut Criterion) {
    for (tag, name, text) in TEXTS {
        let (sentences, lexicon) = parts(tag);
        let matcher = Matcher::compile(&sentences, &lexicon).expect("it compiles");
        criterion.bench_function(&format!("intents/match {tag} {name}"), |b| {
            b.iter(|| matcher.readings(text));
        });
    }
}
