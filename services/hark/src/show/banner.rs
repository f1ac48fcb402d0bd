//! What `hark up` says once it is ready: what runs, where, who may call it, and what is
//! weak about it.

use std::fmt::Write as _;
use std::net::SocketAddr;
use std::path::PathBuf;

use hark_core::Language;

use super::style;

/// The model that few people should rely on.
const NANO: &str = "hark-nano";

/// What there is to say.
#[derive(Debug, Clone)]
pub struct Banner {
    /// Hark's version.
    pub version: &'static str,
    /// Where speakers and people reach it.
    pub address: SocketAddr,
    /// Where metrics and health are.
    pub admin: SocketAddr,
    /// What hears.
    pub model: Model,
    /// What there is to switch.
    pub home: Home,
    /// What keeps the state.
    pub store: Store,
    /// Who may call.
    pub callers: Callers,
    /// What its parts say that their owner should know.
    pub warnings: Vec<String>,
    /// Whether the clock is known to be right; `None` where that can't be told.
    pub clock: Option<bool>,
}

/// What turns audio into words.
#[derive(Debug, Clone)]
pub struct Model {
    /// Its name.
    pub name: String,
    /// What runs it.
    pub engine: String,
    /// What it was made for; empty: all of Whisper's.
    pub languages: Vec<Language>,
    /// The file or folder that it was read from; absent: it came with Hark.
    pub path: Option<String>,
    /// Why it and none that is better; nothing where it was named.
    pub notes: Vec<String>,
}

/// The home.
#[derive(Debug, Clone)]
pub struct Home {
    /// Its id.
    pub id: String,
    /// How many areas.
    pub areas: usize,
    /// How many devices.
    pub devices: usize,
    /// What is spoken in it, the first one first.
    pub languages: Vec<Language>,
    /// Its description; absent: the built-in one.
    pub file: Option<PathBuf>,
    /// Whether the devices only remember what they were told.
    pub is_virtual: bool,
}

/// What keeps the state.
#[derive(Debug, Clone)]
pub enum Store {
    /// This process.
    Memory,
    /// A file.
    File(PathBuf),
    /// An etcd, with these members.
    Etcd(Vec<String>),
}

/// Who may call.
#[derive(Debug, Clone, Copy)]
pub struct Callers {
    /// Whether connections are encrypted.
    pub tls: bool,
    /// Whether somebody on this machine needs to prove nothing.
    pub anonymous_loopback: bool,
    /// Whether everybody is let in.
    pub insecure: bool,
}

impl Banner {
    /// For people.
    pub fn text(&self) -> String {
        let strong = style::STRONG;
        let mut text = format!("{strong}Hark {}{strong:#}\n", self.version);
        let mut row = |name: &str, what: &str| {
            let _ = writeln!(text, "  {name:<9}{what}");
        };
        row("speakers", &self.address.to_string());
        row("callers", &self.callers());
        row("metrics", &format!("http://{}/metrics", self.admin));
        row("model", &self.model());
        for note in &self.model.notes {
            row("", note);
        }
        row("home", &self.home());
        row("state", &self.store());
        let warning = style::WARNING;
        for (at, weakness) in self.weaknesses().iter().enumerate() {
            let name = if at == 0 { "weak" } else { "" };
            row(name, &format!("{warning}{weakness}{warning:#}"));
        }
        let dim = style::DIM;
        let _ = write!(text, "  {dim}{:<9}{}{dim:#}", "try", self.first_command());
        text
    }

    fn callers(&self) -> String {
        let callers = self.callers;
        let who = match (is_local(self.address), callers.anonymous_loopback) {
            (false, _) if callers.insecure => "whoever reaches this address",
            (true, true) => "this machine only, no token needed",
            (true, false) => "this machine only, who has a token or a certificate",
            (false, true) => "who has a token or a certificate; this machine also without",
            (false, false) => "who has a token or a certificate",
        };
        who.to_owned()
    }

    fn model(&self) -> String {
        let Model { name, engine, .. } = &self.model;
        let from = match &self.model.path {
            _ if engine == "fake" => "nothing is loaded".to_owned(),
            Some(path) => path.clone(),
            None => "comes with Hark".to_owned(),
        };
        let languages = match self.model.languages.is_empty() {
            true => "all languages".to_owned(),
            false => list(&self.model.languages),
        };
        format!("{name} on {engine} ({languages}), {from}")
    }

    fn home(&self) -> String {
        let Home { areas, devices, .. } = self.home;
        let from = match &self.home.file {
            Some(file) => file.display().to_string(),
            None => "built in".to_owned(),
        };
        let (id, languages) = (&self.home.id, list(&self.home.languages));
        format!("{id}: {areas} areas, {devices} devices ({languages}), {from}")
    }

    fn store(&self) -> String {
        match &self.store {
            Store::Memory => "in memory".to_owned(),
            Store::File(path) => format!("redb, {}", path.display()),
            Store::Etcd(members) => format!("etcd, {}", members.join(", ")),
        }
    }

    /// What a person should know before they rely on it, the worst first, each with what
    /// to do.
    pub fn weaknesses(&self) -> Vec<String> {
        let open = !is_local(self.address);
        let fake = self.model.engine == "fake";
        let all = [
            (
                open && !self.callers.tls,
                "no TLS: whoever is on the network hears speech and tokens; hark certs init",
            ),
            (fake, "the engine is fake: nothing is really heard"),
            (
                self.model.name == NANO,
                "the model is tiny, for trying: it understands few people; --model takes others",
            ),
            (
                matches!(self.store, Store::Memory),
                "state is gone at the end: store.kind = \"redb\" keeps it",
            ),
            (
                self.home.is_virtual,
                "the devices are virtual: they remember their state, and nothing lights up",
            ),
            (
                self.clock == Some(false),
                "the clock is not synchronised: hark doctor says what to do",
            ),
        ];
        let weak = all.into_iter().filter(|(is_so, _)| *is_so);
        let weak = weak.map(|(_, what)| what.to_owned());
        self.warnings.iter().cloned().chain(weak).collect()
    }

    fn first_command(&self) -> String {
        let german = self.home.languages.first().map(Language::primary) == Some("de");
        let sentence = match german {
            true => "'schalte das Licht im Flur ein' --lang de",
            false => "'turn on the light in the hallway' --lang en",
        };
        format!("hark text {sentence} --server {}", reachable(self.address))
    }
}

fn is_local(address: SocketAddr) -> bool {
    address.ip().to_canonical().is_loopback()
}

/// An address of all interfaces is none to call.
fn reachable(mut address: SocketAddr) -> SocketAddr {
    if address.ip().is_unspecified() {
        address.set_ip(std::net::Ipv4Addr::LOCALHOST.into());
    }
    address
}

fn list(languages: &[Language]) -> String {
    let texts: Vec<_> = languages.iter().map(ToString::to_string).collect();
    texts.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn banner() -> Banner {
        Banner {
            version: "1.2.3",
            address: "127.0.0.1:7700".parse().unwrap(),
            admin: "127.0.0.1:7701".parse().unwrap(),
            model: Model {
                name: "hark-nano".to_owned(),
                engine: "candle".to_owned(),
                languages: vec![Language::german(), Language::english()],
                path: None,
                notes: vec!["hark-nano is the best that is there".to_owned()],
            },
            home: Home {
                id: "home".to_owned(),
                areas: 9,
                devices: 17,
                languages: vec![Language::german(), Language::english()],
                file: None,
                is_virtual: true,
            },
            store: Store::File("/var/lib/hark/hark.redb".into()),
            callers: Callers {
                tls: false,
                anonymous_loopback: true,
                insecure: false,
            },
            warnings: vec![],
            clock: Some(true),
        }
    }

    fn plain(banner: &Banner) -> String {
        anstream::adapter::strip_str(&banner.text()).to_string()
    }

    #[test]
    fn what_a_fresh_machine_sees() {
        insta::assert_snapshot!(plain(&banner()));
    }

    #[test]
    fn what_the_owner_of_a_house_sees() {
        let mut banner = banner();
        banner.address = "192.168.1.5:7700".parse().unwrap();
        banner.model.name = "whisper-base".to_owned();
        banner.model.path = Some("/models/whisper-base".to_owned());
        banner.model.notes.clear();
        banner.model.languages.clear();
        banner.home.file = Some("/etc/hark/home.toml".into());
        banner.home.is_virtual = false;
        banner.callers.tls = true;
        insta::assert_snapshot!(plain(&banner));
    }

    #[test]
    fn what_is_weak_is_said_and_nothing_else() {
        let good = || {
            let mut banner = banner();
            banner.model.name = "hark-home".to_owned();
            banner.home.is_virtual = false;
            banner
        };
        let check = |change: fn(&mut Banner), expect: &[&str]| {
            let mut banner = good();
            change(&mut banner);
            let found = banner.weaknesses();
            assert_eq!(found.len(), expect.len(), "{found:?}");
            for (found, part) in found.iter().zip(expect) {
                assert!(found.contains(part), "`{found}` should say {part}");
            }
        };
        check(|_| {}, &[]);
        check(|b| b.model.name = NANO.to_owned(), &["tiny"]);
        check(|b| b.model.engine = "fake".to_owned(), &["fake"]);
        check(|b| b.store = Store::Memory, &["redb"]);
        check(|b| b.home.is_virtual = true, &["virtual"]);
        check(|b| b.clock = Some(false), &["clock"]);
        check(|b| b.clock = None, &[]);
        // On loopback it harms nobody.
        check(|b| b.callers.insecure = true, &[]);
        let open = |b: &mut Banner| b.address = "0.0.0.0:1".parse().unwrap();
        check(open, &["TLS"]);
        check(
            |b| {
                b.address = "0.0.0.0:1".parse().unwrap();
                b.callers.tls = true;
            },
            &[],
        );
        check(
            |b| {
                b.address = "[::]:1".parse().unwrap();
                b.warnings.push("everybody is let in".to_owned());
            },
            &["everybody", "TLS"],
        );
    }

    #[test]
    fn who_may_call_depends_on_the_address_and_the_tokens() {
        for (address, anonymous_loopback, insecure, expect) in [
            ("127.0.0.1:1", true, false, "this machine only, no token"),
            (
                "[::ffff:127.0.0.1]:1",
                false,
                true,
                "this machine only, who has",
            ),
            (
                "0.0.0.0:1",
                true,
                false,
                "who has a token or a certificate; this",
            ),
            ("0.0.0.0:1", true, true, "whoever reaches"),
        ] {
            let mut banner = banner();
            banner.address = address.parse().unwrap();
            banner.callers.anonymous_loopback = anonymous_loopback;
            banner.callers.insecure = insecure;
            let callers = banner.callers();
            assert!(callers.starts_with(expect), "{address}: {callers}");
        }
    }

    #[test]
    fn the_command_to_try_can_be_called() {
        let mut banner = banner();
        banner.address = "0.0.0.0:7700".parse().unwrap();
        assert!(banner.text().contains("--server 127.0.0.1:7700"));
    }
}
