//! Every reply in both languages, as a person hears it.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::collections::BTreeMap;

use hark_core::Language;
use hark_core::reply::CODES;
use hark_intents::Replies;

/// A likely value for an argument.
fn example(name: &str, german: bool) -> &'static str {
    let (de, en) = match name {
        "device" => ("das Garagentor", "the garage door"),
        "area" => ("im Flur", "in the hallway"),
        "devices" => (
            "das Flurlicht und die Stehlampe",
            "the hallway light and the floor lamp",
        ),
        "choices" => (
            "das Flurlicht oder die Stehlampe",
            "the hallway light or the floor lamp",
        ),
        "color" => ("red", "red"),
        "brightness" | "position" => ("50", "50"),
        "temperature" => ("21,5", "21.5"),
        "duration" => ("5 Minuten", "5 minutes"),
        "remaining" => ("2 Minuten und 30 Sekunden", "2 minutes and 30 seconds"),
        "late" => ("3 Minuten", "3 minutes"),
        "name" => ("Pizza", "pizza"),
        "timers" => (
            "Pizza: 2 Minuten und Nudeln: 4 Minuten",
            "pizza: 2 minutes and pasta: 4 minutes",
        ),
        "count" => ("2", "2"),
        "item" => ("Milch", "milk"),
        "speed" | "volume" => ("40", "40"),
        "condition" => ("leichter Regen", "light rain"),
        "text" => ("Das Essen ist fertig.", "Dinner is ready."),
        "items" => ("Milch, Brot und Käse", "milk, bread and cheese"),
        "list" => ("die Einkaufsliste", "the shopping list"),
        "time" => ("14 Uhr 5", "2:05 pm"),
        "date" => ("Sonntag, der 22. November", "Sunday, 22 November"),
        "spoken" => ("Weinkeller", "wine cellar"),
        "value" => ("40", "40"),
        "low" => ("5", "5"),
        "high" => ("30", "30"),
        _ => ("…", "…"),
    };
    if german { de } else { en }
}

fn all(language: &Language) -> String {
    let replies = Replies::builtin(language).unwrap();
    let german = language.primary() == "de";
    let lines = CODES.iter().map(|(code, names)| {
        let arguments = names
            .iter()
            .map(|n| ((*n).to_owned(), example(n, german).to_owned()));
        let said = replies.render(code, &arguments.collect::<BTreeMap<_, _>>());
        assert!(
            !said.contains(['{', '}']) && !said.contains("  "),
            "{code}: {said}"
        );
        assert!(said.ends_with(['.', '?', '!']), "{code}: {said}");
        format!("{code}: {said}")
    });
    lines.collect::<Vec<_>>().join("\n")
}

#[test]
fn german() {
    insta::assert_snapshot!(all(&Language::german()));
}

#[test]
fn english() {
    insta::assert_snapshot!(all(&Language::english()));
}
