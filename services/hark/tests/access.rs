//! Who may come in, with the real program: certificates, tokens, and what becomes of both.

#![allow(
    clippy::unwrap_used,
    reason = "helpers of tests may unwrap as tests do"
)]

mod util;

use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;

use hark_core::access::{self, Verdict};
use hark_core::principal::Kind;
use hark_runtime::channel::{self, Channel, Options};
use hark_tls::{ClientConfig, NODE_DOMAIN};
use serde_json::Value;
use tonic::{Code, Request};
use util::{Place, Up};

/// A house with an authority, and a Hark that asks everybody who they are.
struct House {
    place: Place,
    up: Up,
}

impl House {
    fn open() -> Self {
        let place = Place::new();
        place.run(&["certs", "init", "--dir", "certs"]).done();
        for who in [["node", "n1"], ["speaker", "kitchen"], ["person", "anna"]] {
            let issue = [&["certs", "issue", "--dir", "certs"][..], &who].concat();
            place.run(&issue).done();
        }
        place.file(
            "hark.toml",
            "[auth]\nanonymous_loopback = false\n[server.tls]\ncert_file = \"certs/node-n1.crt\"\n\
             key_file = \"certs/node-n1.key\"\nclient_ca_file = \"certs/ca.crt\"\n",
        );
        let up = place.up(&["--engine", "fake", "--config", "hark.toml"]);
        Self { place, up }
    }

    /// Runs a command that asks this Hark, as whoever the flags say.
    fn ask(&self, command: &[&str], who: &[&str]) -> util::Ended {
        let server = ["--server", &self.up.address, "--ca-file", "certs/ca.crt"];
        self.place.run(&[command, &server, who].concat())
    }

    fn channel(&self, certificate: &str) -> Channel {
        let file = |name: &str| -> PathBuf { self.place.path().join("certs").join(name) };
        let (cert, key) = (format!("{certificate}.crt"), format!("{certificate}.key"));
        let tls = ClientConfig::new(file("ca.crt")).with_certificate(file(&cert), file(&key));
        let options = Options {
            tls: Some(ClientConfig {
                domain: Some(NODE_DOMAIN.to_owned()),
                ..tls
            }),
            ..Options::default()
        };
        channel::connect(&self.up.address, &options).unwrap()
    }
}

const OWNER: &[&str] = &["--token-file", "data/owner.token"];
const ANNA: &[&str] = &[
    "--cert-file",
    "certs/person-anna.crt",
    "--key-file",
    "certs/person-anna.key",
];
const KITCHEN: &[&str] = &[
    "--cert-file",
    "certs/speaker-kitchen.crt",
    "--key-file",
    "certs/speaker-kitchen.key",
];

fn mode(place: &Place, file: &str) -> u32 {
    let metadata = std::fs::metadata(place.path().join(file)).unwrap();
    metadata.permissions().mode() & 0o777
}

#[test]
fn the_owner_lets_a_speaker_in_and_out_again() {
    let house = House::open();
    house.ask(&["status"], &[]).failed(1, &["say who you are"]);
    house.ask(&["status"], OWNER).done();
    assert_eq!(mode(&house.place, "data/owner.token"), 0o600);

    let add = ["speakers", "add", "hall", "--area", "hallway", "--json"];
    let added = house.ask(&[&add[..], &["--out", "hall.token"]].concat(), OWNER);
    let added: Value = added.done().object();
    assert_eq!(
        (&added["name"], &added["area"]),
        (&"hall".into(), &"hallway".into())
    );
    assert!(added.get("token").is_none(), "{added}");
    assert_eq!(mode(&house.place, "hall.token"), 0o600);
    let token = std::fs::read_to_string(house.place.path().join("hall.token")).unwrap();
    assert!(token.starts_with("hark_spk_"), "not a speaker's token");

    // It is in the hallway, whatever it says, and nobody else.
    let hall = ["--token-file", "hall.token"];
    let text = ["text", "turn on the light", "--lang", "en", "--json"];
    let elsewhere = [&text[..], &["--area", "kitchen"]].concat();
    let done = house.ask(&elsewhere, &hall).done().object();
    assert_eq!(done["devices"][0]["id"], "light.hallway", "{done}");
    let other = [&text[..], &["--speaker", "kitchen"]].concat();
    house.ask(&other, &hall).failed(1, &["hall", "kitchen"]);
    let list = ["speakers", "list"];
    house
        .ask(&list, &hall)
        .failed(1, &["not for a caller of kind speaker"]);

    let listed = house.ask(&["speakers", "list", "--json"], ANNA).done();
    let listed = listed.object();
    assert_eq!(listed["name"], "hall");
    assert!(!listed.to_string().contains(token.trim()));
    house.ask(&["speakers", "revoke", "hall"], ANNA).done();
    house.ask(&["status"], &hall).failed(1, &["was revoked"]);
    let listed = house.ask(&list, OWNER).done();
    assert!(listed.stdout.contains("revoked"), "{listed:?}");
    house.up.stop();
}

#[test]
fn certificates_count_until_they_are_revoked() {
    let house = House::open();
    house.ask(&["status"], KITCHEN).done();
    let shown = house
        .place
        .run(&["certs", "show", "certs/speaker-kitchen.crt", "--json"]);
    let serial = shown.done().object()["serial"].as_str().unwrap().to_owned();
    house.ask(&["certs", "revoke", &serial], OWNER).done();
    house.ask(&["status"], KITCHEN).failed(1, &["was revoked"]);

    house.ask(&["status"], ANNA).done();
    house.ask(&["people", "revoke", "anna"], OWNER).done();
    house.ask(&["status"], ANNA).failed(1, &["was revoked"]);

    // Another authority's certificates are refused in the handshake.
    let place = &house.place;
    place.run(&["certs", "init", "--dir", "other"]).done();
    place
        .run(&["certs", "issue", "person", "eve", "--dir", "other"])
        .done();
    let eve = [
        "--cert-file",
        "other/person-eve.crt",
        "--key-file",
        "other/person-eve.key",
    ];
    house
        .ask(&["status"], &eve)
        .failed(1, &["refuses this client's certificate"]);
    let server = [
        "status",
        "--server",
        &house.up.address,
        "--ca-file",
        "other/ca.crt",
    ];
    place.run(&server).failed(1, &["not to be trusted"]);
    house.up.stop();
}

#[test]
fn every_method_of_a_house_answers_those_that_the_table_names() {
    let house = House::open();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        for (kind, certificate) in [
            (Kind::Node, "node-n1"),
            (Kind::Speaker, "speaker-kitchen"),
            (Kind::Person, "person-anna"),
        ] {
            let channel = house.channel(certificate);
            for rule in access::TABLE {
                let code = call(channel.clone(), rule.path).await;
                let expect = access::check(kind, rule.path) == Verdict::Denied;
                assert_eq!(
                    code == Code::PermissionDenied,
                    expect,
                    "{kind:?} {}: {code:?}",
                    rule.path
                );
            }
        }
    });
    house.up.stop();
}

/// How an answer to an empty message begins.
async fn call(channel: Channel, path: &'static str) -> Code {
    let mut client = tonic::client::Grpc::new(channel);
    client.ready().await.unwrap();
    let codec = tonic_prost::ProstCodec::<(), ()>::default();
    let path = http::uri::PathAndQuery::from_static(path);
    let answer = client.server_streaming(Request::new(()), path, codec).await;
    answer.map_or_else(|status| status.code(), |_| Code::Ok)
}

#[test]
fn an_authority_is_never_replaced_and_certificates_only_when_told() {
    let place = Place::new();
    let certs = |args: &[&str]| place.run(&[&["certs"], args, &["--dir", "certs"]].concat());
    certs(&["issue", "node", "n1"]).failed(1, &["hark certs init", "--dir"]);
    certs(&["init", "--home", "cabin"]).done();
    assert_eq!(mode(&place, "certs/ca.key"), 0o600);
    let key = std::fs::read(place.path().join("certs/ca.key")).unwrap();
    certs(&["init"]).failed(1, &["ca.crt is there already", "--dir"]);
    assert_eq!(
        std::fs::read(place.path().join("certs/ca.key")).unwrap(),
        key
    );

    let issued = certs(&["issue", "node", "n1", "--dns", "n1.local"]).done();
    assert!(issued.stderr.contains("[server.tls]"), "{issued:?}");
    assert!(
        issued.stderr.contains("spiffe://cabin/node/n1"),
        "{issued:?}"
    );
    assert_eq!(mode(&place, "certs/node-n1.key"), 0o600);
    certs(&["issue", "node", "n1"]).failed(1, &["--renew", "--out"]);
    certs(&["issue", "node", "n1", "--renew"]).done();
    certs(&["issue", "speaker", "s", "--dns", "x"]).failed(1, &["for nodes"]);
    certs(&["issue", "speaker", "a/b"]).failed(1, &["principal id"]);
    certs(&["issue", "speaker", "s", "--days", "0"]).failed(1, &["1..=3650"]);
    let listed = certs(&["list", "--json"]).done().json();
    assert_eq!(listed.len(), 2);
    assert!(listed.iter().all(|c| c["uri"] == "spiffe://cabin/node/n1"));
    place
        .run(&["certs", "show", "certs/ca.key"])
        .failed(1, &["certs/ca.key"]);
}

#[test]
fn flags_that_miss_their_other_half_are_explained() {
    let place = Place::new();
    place.file("ca.crt", "nothing");
    for (args, part) in [
        (&["--cert-file", "a"][..], "--ca-file"),
        (&["--ca-file", "ca.crt"], "no certificate"),
        (&["--ca-file", "none.crt"], "none.crt"),
        (&["--ca-file", "ca.crt", "--cert-file", "a"], "key_file"),
    ] {
        place.run(&[&["status"], args].concat()).failed(1, &[part]);
    }
    place.file("token", "hark_per_x");
    let far = [
        "status",
        "--server",
        "hark.example:7700",
        "--token-file",
        "token",
    ];
    place.run(&far).failed(1, &["in the clear", "--ca-file"]);
}

#[test]
fn the_owner_needs_no_flags_on_this_machine() {
    let place = Place::new();
    let mut command = place.hark(&["up", "--listen", "127.0.0.1:0", "--engine", "fake"]);
    command.args(["--admin-listen", "127.0.0.1:0"]);
    let up = Up::start(command);
    let server = ["--server", &up.address];
    let added = place
        .run(&[&["people", "add", "anna"][..], &server].concat())
        .done();
    assert!(added.stdout.starts_with("hark_per_"), "{added:?}");
    assert!(
        added.stderr.contains("hark people revoke anna"),
        "{added:?}"
    );
    up.stop();

    // A Hark with other data does not know that token: then nobody is meant.
    let up = place.up(&["--engine", "fake"]);
    let server = ["--server", &up.address];
    place.run(&[&["status"][..], &server].concat()).done();
    let list = place.run(&[&["people", "list"][..], &server].concat());
    list.failed(1, &["not for a caller of kind anonymous"]);
    up.stop();
}
