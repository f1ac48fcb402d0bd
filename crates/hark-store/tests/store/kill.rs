//! `kill -9`: a child process writes and says what was acknowledged; it is killed again
//! and again at random moments, on the same file. Nothing that was acknowledged is lost.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;

use futures_util::future::join_all;
use hark_core::store::{Event, Revision, Store};
use hark_core::time::ManualClock;
use hark_store::RedbStore;

use crate::power::replay;
use crate::support::{Random, assert_no_gap, block_on, entries, kept_history, key, put, run};

const KILLS: u64 = 60;
const SEED: u64 = 7;
/// Tells the child which file to write; without it the child's test does nothing.
const CHILD: &str = "HARK_STORE_TEST_CHILD";

#[test]
fn sixty_kills_lose_nothing_that_was_acknowledged() {
    println!("seed {SEED}");
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("hark.redb");
    let mut random = Random(SEED);
    let mut acknowledged = BTreeMap::new();
    for kill in 0..KILLS {
        // The first line is said before the file is opened.
        let lines = random.below(40) as usize;
        acknowledged.extend(killed_after(lines, &path, kill));
        verify(&path, &acknowledged);
    }
    assert!(
        acknowledged.len() > KILLS as usize,
        "the child hardly wrote"
    );
}

/// Runs a child and kills it after so many lines; what it said was acknowledged.
fn killed_after(lines: usize, path: &Path, tag: u64) -> Vec<(Revision, String)> {
    let mut child = spawn(&format!("{tag} {}", path.display()));
    let mut said = BufReader::new(child.stdout.take().unwrap()).lines();
    let is_ours = |line: &String| line.starts_with("hark ");
    let mut before: Vec<_> = said
        .by_ref()
        .map_while(Result::ok)
        .filter(is_ours)
        .take(lines + 1)
        .collect();
    child.kill().unwrap();
    child.wait().unwrap();
    before.extend(said.map_while(Result::ok).filter(is_ours));
    let parse = |line: &String| {
        let (revision, value) = line.strip_prefix("hark wrote ")?.split_once(' ')?;
        Some((Revision(revision.parse().ok()?), value.to_owned()))
    };
    before.iter().filter_map(parse).collect()
}

fn spawn(what: &str) -> Child {
    Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "kill::child", "--nocapture"])
        .env(CHILD, what)
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap()
}

fn verify(path: &Path, acknowledged: &BTreeMap<Revision, String>) {
    block_on(async {
        let store = RedbStore::open(path, Arc::new(ManualClock::default())).unwrap();
        let history = kept_history(&store).await;
        assert_no_gap(&history);
        for (revision, value) in acknowledged {
            let index = usize::try_from(revision.0 - 1).unwrap();
            let batch = history.get(index).expect("an acknowledged revision");
            let [Event::Put(entry)] = batch.events.as_slice() else {
                panic!("{batch:?}");
            };
            assert_eq!(batch.revision, *revision);
            assert_eq!(entry.value, value.as_bytes());
        }
        let found = entries(&store, &key("")).await;
        let found: BTreeMap<_, _> = found.into_iter().map(|e| (e.key.clone(), e)).collect();
        assert_eq!(found, replay(&history));
    });
}

#[test]
fn a_file_is_open_in_one_process_only() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("hark.redb");
    let mut child = spawn(&format!("0 {}", path.display()));
    let said = BufReader::new(child.stdout.take().unwrap()).lines();
    let wrote = |line: &String| line.starts_with("hark wrote");
    said.map_while(Result::ok).find(wrote).unwrap();
    let error = RedbStore::open(&path, Arc::new(ManualClock::default())).err();
    child.kill().unwrap();
    child.wait().unwrap();
    let error = error.expect("the child has it open");
    assert!(matches!(error, hark_store::Error::Locked { .. }), "{error}");
    assert!(error.to_string().contains(path.to_str().unwrap()));
}

/// Not a test of its own: what the tests above start and kill.
#[test]
fn child() {
    let Ok(what) = std::env::var(CHILD) else {
        return;
    };
    let (tag, path) = what.split_once(' ').unwrap();
    say("hark opens");
    let store = RedbStore::open(Path::new(path), Arc::new(ManualClock::default())).unwrap();
    block_on(join_all((0..4).map(|writer| write(&store, tag, writer))));
}

/// Writes until it is killed.
async fn write(store: &dyn Store, tag: &str, writer: u32) {
    for n in 0_u64.. {
        let value = format!("{tag}-{writer}-{n}");
        let key = key(&format!("{writer}/{}", n % 10));
        let revision = run(store, vec![put(&key, &value)]).await;
        say(&format!("hark wrote {revision} {value}"));
    }
}

/// Past the test harness's own capture, at once.
fn say(line: &str) {
    let mut out = std::io::stdout().lock();
    writeln!(out, "{line}").and_then(|()| out.flush()).unwrap();
}
