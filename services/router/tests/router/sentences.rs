//! Every kind of sentence in both languages, and what bad requests get.

use hark_core::outcome::Outcome;
use hark_core::principal::Kind;
use hark_proto::internal::{HandleRequest, ParseRequest};
use hark_proto::{Error, ErrorCode};
use tonic::Code;

use crate::world::{World, principal, request, session, verdict};

#[tokio::test]
async fn the_sentence_that_must_always_work() {
    let router = World::new().router("a").await;
    let outcome = router.say("de", "Schalte das Licht im Flur ein!").await;
    assert_eq!(verdict(&outcome), (Outcome::Done, "lights_on"));
    assert_eq!(outcome.reply.text, "Das Licht im Flur ist an.");
    assert_eq!(outcome.intent.unwrap().name, "HassTurnOn");
    let change = &outcome.devices[0];
    assert_eq!(
        (change.device.as_str(), &*change.name, &*change.area),
        ("light.hallway", "Flurlicht", "Flur")
    );
    assert_eq!(
        (change.before.on, change.after.on),
        (Some(false), Some(true))
    );
    assert_eq!(router.state("light.hallway").on, Some(true));
}

#[tokio::test]
async fn german_from_first_to_last() {
    check("de", &[
        ("Schalte das Licht im Flur ein", Outcome::Done, "Das Licht im Flur ist an."),
        ("Mach die Flurlampe aus", Outcome::Done, "Das Flurlicht ist aus."),
        ("Licht im Flur umschalten", Outcome::Done, "Das Licht im Flur ist an."),
        ("Stelle die Stehlampe auf die Hälfte", Outcome::Done, "Die Stehlampe ist auf 50 Prozent."),
        ("Mach die Stehlampe um 15 Prozent dunkler", Outcome::Done, "Die Stehlampe ist auf 35 Prozent."),
        ("Stelle das Stimmungslicht auf rot", Outcome::Done, "Das Stimmungslicht leuchtet rot."),
        ("Rollladen im Wohnzimmer auf fünfzig Prozent", Outcome::Done, "Der Wohnzimmerrollladen ist zu 50 Prozent offen."),
        ("Stelle die Heizung im Bad auf 22 Grad", Outcome::Done, "Die Badheizung ist auf 22 Grad gestellt."),
        ("Wie hoch ist die Außentemperatur", Outcome::Done, "Die Außentemperatur: 9,5 Grad."),
        ("Fernseher an", Outcome::Done, "Der Fernseher ist an."),
        ("Schließ das Garagentor", Outcome::Done, "Das Garagentor ist zu."),
        ("Ist das Garagentor offen", Outcome::Done, "Das Garagentor ist zu."),
        ("Haustür abschließen", Outcome::Refused, "Das mache ich nicht: die Haustür lässt sich nicht per Sprache auf- oder abschließen."),
        ("Licht im Weinkeller ausschalten", Outcome::Question, "Einen Raum „Weinkeller“ kenne ich nicht. Welchen meinst du?"),
        ("Licht an", Outcome::Question, "In welchem Raum?"),
        ("Stelle einen Timer für die Nudeln auf 8 Minuten", Outcome::Done, "Der Timer „Nudeln“ läuft: 8 Minuten."),
        ("Wie lange noch", Outcome::Done, "Beim Timer „Nudeln“: noch 8 Minuten."),
        ("Lösche den Timer für die Nudeln", Outcome::Done, "Der Timer „Nudeln“ ist gelöscht."),
        ("Welche Timer laufen", Outcome::Done, "Es läuft kein Timer."),
        ("Füge Brot zur Einkaufsliste hinzu", Outcome::Done, "Einkaufsliste enthält jetzt Brot."),
        ("Was steht auf der Einkaufsliste", Outcome::Done, "Einkaufsliste enthält: Brot."),
        ("Sag mir die Uhrzeit", Outcome::Done, "Es ist 14 Uhr 5."),
        ("Der wievielte ist heute", Outcome::Done, "Heute ist Sonntag, der 22. November 2026."),
        ("Erzähl mir einen Witz", Outcome::NotUnderstood, "Das habe ich nicht verstanden: „Erzähl mir einen Witz“."),
    ])
    .await;
}

#[tokio::test]
async fn english_from_first_to_last() {
    check(
        "en-GB",
        &[
            (
                "turn on the lights in the hallway",
                Outcome::Done,
                "light in the hallway",
            ),
            (
                "Turn off the floor lamp in the living room",
                Outcome::Done,
                "The floor lamp",
            ),
            (
                "Dim the lights in the living room to 30 percent",
                Outcome::Done,
                "30",
            ),
            ("Brighten the lights in the kitchen", Outcome::Done, "20"),
            ("Make the coloured light blue", Outcome::Done, "blue"),
            (
                "Raise the living room blinds",
                Outcome::Done,
                "The living room blind",
            ),
            (
                "Turn up the heating in the office to 21°",
                Outcome::Done,
                "The office heating",
            ),
            (
                "Is the kitchen window open",
                Outcome::Done,
                "The kitchen window",
            ),
            ("Lock all the doors", Outcome::Refused, "the front door"),
            (
                "Turn on the lights in the wine cellar",
                Outcome::Question,
                "wine cellar",
            ),
            (
                "Set a timer for five minutes please",
                Outcome::Done,
                "5 minutes",
            ),
            (
                "Add wash the car to my to-do list",
                Outcome::Done,
                "ash the car",
            ),
            ("What's the date", Outcome::Done, "November 22, 2026"),
            ("Forget it", Outcome::Done, ""),
            ("How are you today", Outcome::NotUnderstood, ""),
        ],
    )
    .await;
}

/// Says one sentence after the other; each reply has those words.
async fn check(language: &str, sentences: &[(&str, Outcome, &str)]) {
    let router = World::new().router("a").await;
    for (text, outcome, words) in sentences {
        let got = router.say(language, text).await;
        assert_eq!(got.outcome, *outcome, "{text}: {}", got.reply.text);
        assert!(got.reply.text.contains(words), "{text}: {}", got.reply.text);
        assert_eq!(got.reply.language.primary(), &language[..2]);
    }
}

#[tokio::test]
async fn without_a_room_the_speakers_own_is_meant() {
    let router = World::new().router("a").await;
    let outcome = router.say_in("Flur", "de", "Licht an").await;
    assert_eq!(outcome.devices[0].device.as_str(), "light.hallway");
    let outcome = router.say_in("kitchen", "en", "Turn off the light").await;
    assert_eq!(outcome.devices[0].device.as_str(), "light.kitchen");
    assert_eq!(outcome.devices.len(), 1);
}

#[tokio::test]
async fn who_asks_decides_about_what_is_dangerous() {
    let router = World::new().router("a").await;
    for (kind, outcome) in [
        (Kind::Anonymous, Outcome::Refused),
        (Kind::Speaker, Outcome::Refused),
        (Kind::Person, Outcome::Done),
    ] {
        let mut request = request(session(), 0, "de", "Öffne das Garagentor");
        request.principal = Some(principal(kind).into());
        let got = router.handle(request).await.unwrap();
        assert_eq!(got.outcome, outcome, "{kind:?}: {}", got.reply.text);
    }
    let mut request = request(session(), 0, "de", "Entriegele die Haustür");
    request.principal = Some(principal(Kind::Person).into());
    let got = router.handle(request).await.unwrap();
    assert_eq!(verdict(&got), (Outcome::Refused, "refused_lock"));
    assert_eq!(router.state("lock.front_door").locked, Some(true));
}

#[tokio::test]
async fn a_bad_request_names_the_field() {
    let router = World::new().router("a").await;
    let good = || request(session(), 0, "de", "Licht an");
    let long = "a".repeat(1001);
    let change = |change: fn(&mut HandleRequest)| {
        let mut request = good();
        change(&mut request);
        request
    };
    for (request, field) in [
        (change(|r| r.text.clear()), "text"),
        (change(|r| r.text = "  ".to_owned()), "text"),
        (
            HandleRequest {
                text: long,
                ..good()
            },
            "text",
        ),
        (change(|r| r.language = "tlh".to_owned()), "language"),
        (change(|r| r.language = "german".to_owned()), "language"),
        (
            change(|r| r.session_id = "kitchen".to_owned()),
            "session_id",
        ),
        (change(|r| r.area = Some("Weinkeller".to_owned())), "area"),
        (change(|r| r.speaker_id = "a/b".to_owned()), "speaker_id"),
        (change(|r| r.principal = None), "principal"),
    ] {
        let status = router.handle(request).await.unwrap_err();
        assert_eq!(status.code(), Code::InvalidArgument, "{status}");
        assert_eq!(Error::from(status).violations()[0].field, field);
    }
}

#[tokio::test]
async fn parsing_does_nothing() {
    let router = World::new().router("a").await;
    let parse = |text: &str, language: &str| ParseRequest {
        text: text.to_owned(),
        language: language.to_owned(),
    };
    let mut intents = router.intents.clone();
    let readings = intents
        .parse(parse("Schalte das Licht im Flur ein", "de-AT"))
        .await;
    let readings = readings.unwrap().into_inner().readings;
    assert_eq!(readings[0].intent.as_ref().unwrap().name, "HassTurnOn");
    assert_eq!(router.state("light.hallway").on, Some(false));
    let status = intents.parse(parse("Bonjour", "fr")).await.unwrap_err();
    assert_eq!(Error::from(status).code(), ErrorCode::UnknownLanguage);
}
