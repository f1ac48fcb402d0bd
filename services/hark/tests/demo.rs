//! The demo, as a person sees it.

#![allow(
    clippy::unwrap_used,
    reason = "helpers of tests may unwrap as tests do"
)]

mod util;

use util::Place;

#[test]
fn the_demo_ends_with_the_lamp_on() {
    let place = Place::new();
    let told = place.run(&["demo", "--model", "nano"]).done();
    let last = told.stdout.lines().last().unwrap();
    assert_eq!(last, "Das Licht im Flur ist an.", "{told:?}");
    assert!(told.stdout.matches(" says, in ").count() >= 6, "{told:?}");
    for language in ["German", "English"] {
        assert!(told.stdout.contains(language), "{told:?}");
    }
    let changes = told.stdout.matches("the lamp in the hallway was").count();
    assert!(changes >= 2, "the lamp is seen changing: {told:?}");
}
