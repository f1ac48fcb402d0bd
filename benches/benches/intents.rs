//! Understanding a sentence in the built-in home, in both languages: one that is simple,
//! one with a number, one that means nothing; and compiling the sentences for a home.

use criterion::Criterion;
use hark_core::Language;
use hark_home::Description;
use hark_intents::{Lexicon, Matcher, Sentences};

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
