//! `hark intents` and `hark text --explain`: what can be said, without a Hark that runs.

#![allow(
    clippy::unwrap_used,
    reason = "helpers of tests may unwrap as tests do"
)]

mod util;

use util::Place;

const HOME: &str = "
languages: [de]
time_zone: Europe/Berlin
speaker_area: flur
areas:
  - {id: flur, names: {de: {name: Flur}}}
devices:
  - {id: light.flur, kind: light, area: flur, names: {de: {name: Flurlicht}}}
";

const CORPUS: &str = "
language: de
home: small
cases:
  - say: [Schalte das Licht im Flur ein, Schalte das Licht im Fluhr ein]
    expect: {intent: HassTurnOn, slots: {area: Flur}}
  - say: Mach das Licht im Weinkeller an
    expect: {question: which_area}
  - say: Gestern war ein guter Tag
    expect: none
";

#[test]
fn a_corpus_is_judged_and_what_is_wrong_is_shown() {
    let place = Place::new();
    for folder in ["corpus/homes", "corpus/de"] {
        std::fs::create_dir_all(place.path().join(folder)).unwrap();
    }
    place.file("corpus/homes/small.yaml", HOME);
    place.file("corpus/de/right.yaml", CORPUS);
    let said = place.run(&["intents", "test", "corpus"]).done().stdout;
    assert!(said.contains("4 of 4 right: 100.0 %"), "{said}");
    // Without taking words for others there is no "Fluhr".
    let exact = place.run(&["intents", "test", "corpus", "--exact", "--json"]);
    assert_eq!(exact.code, 2, "{exact:?}");
    let file: serde_json::Value = serde_json::from_str(&exact.stdout).unwrap();
    assert_eq!((&file["right"], &file["negatives"]), (&3.into(), &1.into()));
    let wrong = &file["wrong"][0];
    assert_eq!(wrong["say"], "Schalte das Licht im Fluhr ein");
    assert_eq!(wrong["reply"], "unknown_area");
}

#[test]
fn a_mistake_is_named_with_its_file_and_line() {
    let place = Place::new();
    let yaml = "language: de\nintents:\n  Own:\n    data:\n      - sentences: ['hokus (pokus']\n";
    std::fs::create_dir_all(place.path().join("own/de")).unwrap();
    place.file("own/de/own.yaml", yaml);
    let checked = place.run(&["intents", "check", "own"]);
    assert_eq!(checked.code, 1, "{checked:?}");
    assert!(checked.stdout.contains("own.yaml:5"), "{checked:?}");
    place.file("own/de/own.yaml", yaml.replace("(pokus", "pokus"));
    let checked = place.run(&["intents", "check", "own"]).done();
    assert_eq!(checked.stdout, "de: 1 templates, 1 intents\n");
}

#[test]
fn intents_are_listed_and_sentences_made() {
    let place = Place::new();
    let listed = place.run(&["intents", "list", "--language", "de"]).done();
    assert!(listed.stdout.contains("HassTurnOn ("), "{listed:?}");
    let line = ["intents", "sample", "--count", "3", "--seed", "5"];
    let (first, again) = (place.run(&line).done(), place.run(&line).done());
    assert_eq!(first.stdout.lines().count(), 3);
    assert_eq!(first.stdout, again.stdout);
    let none = place.run(&["intents", "sample", "--intent", "HassNope"]);
    assert_eq!(none.code, 1, "{none:?}");
}

#[test]
fn a_sentence_is_explained_without_being_done() {
    let place = Place::new();
    let line = [
        "text",
        "Licht im Flur an und in der Küche aus",
        "--explain",
        "--lang",
        "de",
    ];
    let explained = place.run(&line);
    assert!(
        explained
            .stdout
            .contains("HassTurnOn area=Flur domain=light"),
        "{explained:?}"
    );
    let line = ["text", "blah fasel", "--explain", "--json"];
    let explained = place.run(&line);
    assert_eq!(explained.code, 2, "{explained:?}");
    assert!(explained.stdout.contains("blah fasel"), "{explained:?}");
}
