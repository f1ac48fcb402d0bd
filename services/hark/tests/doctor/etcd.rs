//! `hark doctor` where the state is in an etcd.

use hark_harness::etcd::{Binary, Etcd, Options};

use crate::util::Place;
use crate::{doctor, fake, found};

fn at(endpoint: &str) -> [&str; 4] {
    ["--store", "etcd", "--etcd-endpoints", endpoint]
}

#[test]
fn a_real_one_is_well_until_it_is_gone() {
    let Some(mut etcd) = Etcd::start(1) else {
        return;
    };
    let place = Place::new();
    let endpoint = etcd.endpoints().remove(0);
    let ended = doctor(&place, &at(&endpoint)).done();
    let version = etcd.binary().name();
    found(&ended, "store", "ok", &version, "");

    etcd.kill(0).unwrap();
    let ended = doctor(&place, &at(&endpoint));
    found(&ended, "store", "fail", &endpoint, "--etcd-endpoints");
}

#[test]
fn an_old_one_is_found() {
    let endpoint = fake::old_etcd();
    let ended = doctor(&Place::new(), &at(&endpoint));
    found(
        &ended,
        "store",
        "fail",
        "3.3.27; Hark needs 3.4",
        "update it",
    );
}

#[test]
fn a_clock_that_is_off_from_the_others_is_found() {
    let endpoint = fake::clock_of_1994();
    let ended = doctor(&Place::new(), &at(&endpoint));
    let what = format!("ahead of that of {endpoint}");
    found(&ended, "clock", "fail", &what, "timedatectl set-ntp true");
}

#[test]
fn a_bad_certificate_is_found() {
    let Some(binary) = Binary::newest() else {
        return;
    };
    let options = Options {
        tls: true,
        ..Options::default()
    };
    let etcd = Etcd::start_with(&binary, &options).unwrap();
    let tls = etcd.tls().unwrap();
    let place = Place::new();
    let endpoint = etcd.endpoints().remove(0);
    let with = |ca: &std::path::Path, key: &std::path::Path| {
        let settings = format!(
            "[store.etcd]\nca_file = {ca:?}\ncert_file = {:?}\nkey_file = {key:?}\n",
            tls.client.cert
        );
        place.file("hark.toml", settings);
        doctor(
            &place,
            &[&at(&endpoint)[..], &["--config", "hark.toml"]].concat(),
        )
    };
    let good = with(&tls.ca, &tls.client.key).done();
    found(&good, "certificate", "ok", "client.pem is valid for", "");
    let key = with(&tls.ca, &tls.server.key);
    found(&key, "certificate", "fail", "is not the key", "client.pem");
    let ca = with(&tls.other_ca, &tls.client.key);
    found(&ca, "certificate", "fail", "ca_file does not", "ca_file");
    found(&ca, "store", "fail", &endpoint, "");
    place.file("broken.pem", "hello");
    let broken = with(&place.path().join("broken.pem"), &tls.client.key);
    found(&broken, "certificate", "fail", "broken.pem", "PEM");
}
