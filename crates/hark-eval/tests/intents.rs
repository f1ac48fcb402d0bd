//! What words would do in a home that is given as a table.

#![allow(
    clippy::unwrap_used,
    reason = "helpers of tests may unwrap as tests do"
)]

use std::collections::BTreeMap;

use hark_core::Language;
use hark_eval::expect::{self, Expected};
use hark_eval::home_table;
use hark_eval::understand::{House, Judgement};

const HOME: &str = "id\tarea\tname_de\tname_en\n\
    light.lamp\tliving_room\tLampe\tLamp\n\
    light.bed\tbedroom\tBettlicht\tBed Light\n\
    light.office_ceiling\toffice\tDeckenlampe\tCeiling Light\n\
    light.office_desk\toffice\tSchreibtischlampe\tDesk Lamp\n\
    cover.garage_door\tgarage\tGaragentor\tGarage Door\n\
    todo.shopping\t\tEinkaufsliste\tShopping List\n";

const EXPECT: &str = "file\tintent\ttarget\n\
    lamp\tHassTurnOn\tdevice=light.lamp\n\
    bed\tHassLightSet\tdevice=light.bed brightness=50\n\
    office\tHassTurnOff\tarea=office domain=light\n\
    timer\tHassStartTimer\thours=3 minutes=10\n\
    apples\tHassListAddItem\titem=apples list=todo.shopping\n\
    cancel\tHassCancelTimer\t\n\
    nothing\t-\t\n";

fn house() -> House {
    let read = home_table::parse(HOME, "home.tsv").unwrap();
    let area = home_table::area(read.description.home(), "living_room").unwrap();
    House::new(&read.description, Some(area)).unwrap()
}

#[test]
fn words_are_judged_by_what_they_would_do() {
    let (house, expect) = (house(), expect::parse(EXPECT, "expect.tsv").unwrap());
    let english = Language::english();
    let check = |clip: &str, text: &str, judgement: Judgement| {
        let expected: &BTreeMap<String, Expected> = &expect;
        let got = house.judge(&expected[clip], text, &english);
        assert_eq!(got, judgement, "{text}");
    };
    check("lamp", "turn on the lamp", Judgement::Right);
    check("lamp", "turn on the bed light", Judgement::WrongTarget);
    check("lamp", "turn off the lamp", Judgement::WrongIntent);
    check("lamp", "thank you for watching", Judgement::Nothing);
    check("bed", "set the bed light to 50 percent", Judgement::Right);
    check(
        "bed",
        "set the bed light to 15 percent",
        Judgement::WrongTarget,
    );
    check(
        "office",
        "turn off the lights in the office",
        Judgement::Right,
    );
    check(
        "office",
        "turn off the lights in the garage",
        Judgement::WrongTarget,
    );
    check(
        "timer",
        "set a timer for 3 hours and 10 minutes",
        Judgement::Right,
    );
    check("timer", "set a timer for 3 hours", Judgement::WrongTarget);
    check("apples", "add apples to my shopping list", Judgement::Right);
    check(
        "apples",
        "add maples to my shopping list",
        Judgement::WrongTarget,
    );
    check("cancel", "cancel timer", Judgement::Right);
    check("nothing", "turn on the lamp", Judgement::Invented);
    check(
        "nothing",
        "we the people of the united states",
        Judgement::Right,
    );
    check("nothing", "", Judgement::Right);
}

#[test]
fn without_a_table_the_words_that_were_said_are_the_measure() {
    let (house, german) = (house(), Language::german());
    for (said, heard, expect) in [
        (
            "Schalte die Lampe an",
            "schalte die Lampe ein",
            Judgement::Right,
        ),
        (
            "Schalte die Lampe an",
            "Schalte die Lampe aus",
            Judgement::WrongIntent,
        ),
        (
            "Schalte die Lampe an",
            "Schalte das Bettlicht an",
            Judgement::WrongTarget,
        ),
        (
            "Schalte die Lampe an",
            "Scheibe die Lampe",
            Judgement::Nothing,
        ),
        (
            "Danke fürs Zuschauen",
            "Schalte die Lampe an",
            Judgement::Invented,
        ),
        ("Danke fürs Zuschauen", "Danke", Judgement::Right),
    ] {
        assert_eq!(
            house.compare(said, heard, &german),
            expect,
            "{said} | {heard}"
        );
    }
}

#[test]
fn a_language_that_the_home_does_not_speak_does_nothing() {
    let french = Language::parse("fr").unwrap();
    let expected = Expected::Intent {
        name: "HassTurnOn".to_owned(),
        target: vec![],
    };
    let got = house().judge(&expected, "allume la lampe", &french);
    assert_eq!(got, Judgement::Nothing);
}
