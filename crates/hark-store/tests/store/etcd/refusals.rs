//! An etcd that says no, or nothing: each with an error that says what to do.

use std::path::PathBuf;

use hark_core::store::{Error, Key, Select, Store};
use hark_harness::etcd::{Binary, Etcd, Options, User};
use hark_store::{EtcdStore, etcd};

use super::{answers, config, root, start, store, under};
use crate::support::{always, entry, put, run, within};

/// Asserts that it is refused, with such words.
fn assert_denied<T: std::fmt::Debug>(result: Result<T, Error>, part: &str) {
    let error = result.unwrap_err();
    assert!(matches!(error, Error::Denied(_)), "{error}");
    assert!(error.to_string().contains(part), "{error}");
}

#[tokio::test]
async fn an_etcd_that_is_down_is_out_of_reach() {
    let nobody = hark_harness::ports::free();
    let config = etcd::Config {
        endpoints: vec![format!("http://{nobody}")],
        request_timeout_ms: 500,
        ..etcd::Config::default()
    };
    let store = EtcdStore::open(&config).unwrap();
    // Nothing was sent, so nothing is uncertain.
    let write = within(store.txn(always(vec![put(&under("a"), "1")]))).await;
    let read = within(store.range(Select::Prefix(root()))).await.map(drop);
    let watch = within(store.watch(root(), hark_core::store::Revision(1))).await;
    for error in [write.unwrap_err(), read.unwrap_err(), watch.unwrap_err()] {
        assert!(matches!(error, Error::Unavailable(_)), "{error}");
        assert!(error.to_string().contains(&nobody.to_string()), "{error}");
    }
}

#[tokio::test]
async fn an_etcd_that_hangs_leaves_writes_uncertain_and_reads_undone() {
    for binary in Binary::all() {
        let mut etcd = start(&binary, 1);
        let store = store(&etcd);
        answers(&store).await;
        etcd.pause(0).unwrap();
        let write = within(store.txn(always(vec![put(&under("a"), "1")])))
            .await
            .unwrap_err();
        assert!(matches!(write, Error::Indeterminate(_)), "{write}");
        let read = within(store.range(Select::Prefix(root())))
            .await
            .unwrap_err();
        assert!(matches!(read, Error::Unavailable(_)), "{read}");
        etcd.resume(0).unwrap();
        answers(&store).await;
    }
}

#[tokio::test]
async fn a_full_etcd_says_what_to_do_and_can_still_be_read() {
    for binary in Binary::all() {
        let options = Options {
            quota_bytes: Some(4 << 20),
            ..Options::default()
        };
        let etcd = Etcd::start_with(&binary, &options).unwrap();
        let store = store(&etcd);
        answers(&store).await;
        run(&store, vec![put(&under("kept"), "1")]).await;
        let value = "x".repeat(1 << 20);
        let mut error = None;
        for n in 0..64 {
            let key = under(&format!("fill/{n}"));
            error = store.txn(always(vec![put(&key, &value)])).await.err();
            if error.is_some() {
                break;
            }
        }
        let error = error.unwrap();
        assert!(matches!(error, Error::NoSpace(_)), "{error}");
        assert!(error.to_string().contains("alarm disarm"), "{error}");
        assert_eq!(entry(&store, &under("kept")).await.unwrap().value, b"1");
    }
}

#[tokio::test]
async fn users_and_what_they_may_do() {
    let user = |name: &str, writes| User {
        name: name.to_owned(),
        password: format!("{name}'s"),
        prefix: "/hark/".to_owned(),
        writes,
    };
    let folder = tempfile::tempdir().unwrap();
    let password = |text: &str| -> Option<PathBuf> {
        let file = folder.path().join(text);
        std::fs::write(&file, text).unwrap();
        Some(file)
    };
    for binary in Binary::all() {
        let mut etcd = start(&binary, 1);
        etcd.enable_auth(&[user("writer", true), user("reader", false)])
            .await
            .unwrap();
        let open = |name: Option<&str>, word: &str| {
            let config = etcd::Config {
                username: name.map(str::to_owned),
                password_file: name.and_then(|_| password(word)),
                ..config(&etcd)
            };
            EtcdStore::open(&config).unwrap()
        };
        let write = || always(vec![put(&under("a"), "1")]);
        let nobody = open(None, "").txn(write()).await;
        assert_denied(nobody, "store.etcd.username");
        let wrong = open(Some("writer"), "wrong").txn(write()).await;
        assert_denied(wrong, "store.etcd.password_file");

        let (writer, reader) = (
            open(Some("writer"), "writer's"),
            open(Some("reader"), "reader's"),
        );
        writer.txn(write()).await.unwrap();
        assert_eq!(entry(&reader, &under("a")).await.unwrap().value, b"1");
        assert_denied(reader.txn(write()).await, "grant the user");
        let elsewhere = Key::new("/other/");
        assert_denied(
            writer.range(Select::Prefix(elsewhere.clone())).await,
            "grant the user",
        );
        let watch = writer.watch(elsewhere, hark_core::store::Revision(1)).await;
        assert_denied(watch, "grant the user");

        // The token is gone with the process; another one is got.
        etcd.kill(0).unwrap();
        etcd.restart(0).unwrap();
        etcd.wait_until_ready().unwrap();
        answers(&writer).await;
        writer.txn(write()).await.unwrap();
    }
}

#[tokio::test]
async fn a_user_where_there_are_none_is_said() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("password");
    std::fs::write(&file, "x").unwrap();
    for binary in Binary::all() {
        let etcd = start(&binary, 1);
        let config = etcd::Config {
            username: Some("hark".to_owned()),
            password_file: Some(file.clone()),
            ..config(&etcd)
        };
        let store = EtcdStore::open(&config).unwrap();
        assert_denied(
            store.range(Select::Prefix(root())).await,
            "remove store.etcd.username",
        );
    }
}

#[tokio::test]
async fn certificates_are_checked_on_both_sides() {
    for binary in Binary::all() {
        let options = Options {
            tls: true,
            ..Options::default()
        };
        let etcd = Etcd::start_with(&binary, &options).unwrap();
        let files = etcd.tls().unwrap();
        let with = |ca: &PathBuf, client: bool| {
            let config = etcd::Config {
                ca_file: Some(ca.clone()),
                cert_file: client.then(|| files.client.cert.clone()),
                key_file: client.then(|| files.client.key.clone()),
                ..config(&etcd)
            };
            EtcdStore::open(&config).unwrap()
        };
        let write = || always(vec![put(&under("a"), "1")]);
        let good = with(&files.ca, true);
        good.txn(write()).await.unwrap();
        assert_eq!(entry(&good, &under("a")).await.unwrap().version, 1);
        assert_denied(
            with(&files.other_ca, true).txn(write()).await,
            "store.etcd.ca_file",
        );
        assert_denied(
            with(&files.ca, false).txn(write()).await,
            "store.etcd.cert_file",
        );
    }
}
