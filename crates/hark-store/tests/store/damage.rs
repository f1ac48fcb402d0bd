//! Files that are no store, of another format, cut short, or have a wrong bit: an error
//! that names the file, and never a wrong answer.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use hark_core::store::{Batch, Entry};
use hark_core::time::ManualClock;
use hark_store::{Error, RedbStore};
use redb::{Database, TableDefinition};

use crate::support::{Random, TTL, block_on, entries, kept_history, key, put, put_on, run};

struct Folder {
    folder: tempfile::TempDir,
}

impl Folder {
    fn new() -> Self {
        Self {
            folder: tempfile::tempdir().unwrap(),
        }
    }

    fn path(&self) -> PathBuf {
        self.folder.path().join("hark.redb")
    }
}

fn open(path: &Path) -> Result<RedbStore, Error> {
    RedbStore::open(path, Arc::new(ManualClock::default()))
}

/// A store with something of everything in it; its file, and what it holds.
fn filled(path: &Path) -> (Vec<u8>, Vec<Entry>, Vec<Batch>) {
    let held = block_on(async {
        use hark_core::store::Store;
        let store = open(path).unwrap();
        let lease = store.grant_lease(TTL).await.unwrap();
        for n in 0..40 {
            let name = key(&format!("key/{}", n % 25));
            run(&store, vec![put(&name, &format!("value {n}").repeat(20))]).await;
        }
        run(&store, vec![put_on(lease, &key("leased"), "1")]).await;
        (entries(&store, &key("")).await, kept_history(&store).await)
    });
    (fs::read(path).unwrap(), held.0, held.1)
}

/// Checks that a file with this content is found to be damaged.
fn check_damaged(content: &[u8]) {
    let folder = Folder::new();
    fs::write(folder.path(), content).unwrap();
    let error = open(&folder.path()).err().expect("the file is damaged");
    assert!(matches!(error, Error::Corrupt { .. }), "{error:?}");
    let text = error.to_string();
    assert!(text.contains(folder.path().to_str().unwrap()), "{text}");
}

#[test]
fn what_is_no_store_is_refused() {
    check_damaged(b"");
    check_damaged(b"Dear diary, today the light in the hallway came on.");
    check_damaged(&[0; 10_000]);
}

#[test]
fn a_file_that_was_cut_short_is_refused() {
    let folder = Folder::new();
    let (content, ..) = filled(&folder.path());
    for length in [9, 100, 4096, content.len() / 2, content.len() - 1] {
        check_damaged(&content[..length]);
    }
}

#[test]
fn a_wrong_bit_never_gives_a_wrong_answer() {
    let folder = Folder::new();
    let (content, live, history) = filled(&folder.path());
    let mut random = Random(11);
    let mut found = 0;
    for _ in 0..150 {
        let mut damaged = content.clone();
        // Somewhere that is in use: an empty page has nothing to damage.
        let at = loop {
            let at = random.below(content.len() as u64) as usize;
            if content[at] != 0 {
                break at;
            }
        };
        damaged[at] ^= 1 << random.below(8);
        fs::write(folder.path(), &damaged).unwrap();
        match open(&folder.path()) {
            Err(Error::Corrupt { path, .. }) => {
                assert_eq!(path, folder.path());
                found += 1;
            }
            Err(other) => println!("byte {at}: {other}"),
            Ok(store) => block_on(async {
                assert_eq!(entries(&store, &key("")).await, live, "byte {at}");
                assert_eq!(kept_history(&store).await, history, "byte {at}");
            }),
        }
    }
    println!("{found} of 150 were found to be damaged, the others did no harm");
    assert!(found > 0, "no damage was found at all");
}

#[test]
fn another_format_is_refused() {
    let folder = Folder::new();
    filled(&folder.path());
    let database = Database::open(folder.path()).unwrap();
    let txn = database.begin_write().unwrap();
    let meta: TableDefinition<'_, &str, i64> = TableDefinition::new("meta");
    txn.open_table(meta).unwrap().insert("format", 99).unwrap();
    txn.commit().unwrap();
    drop(database);
    let error = open(&folder.path()).err().expect("it is of another format");
    assert!(matches!(error, Error::Format { found: 99, .. }), "{error}");
}

#[test]
fn a_missing_revision_is_found() {
    let folder = Folder::new();
    filled(&folder.path());
    let database = Database::open(folder.path()).unwrap();
    let txn = database.begin_write().unwrap();
    let meta: TableDefinition<'_, &str, i64> = TableDefinition::new("meta");
    txn.open_table(meta)
        .unwrap()
        .insert("revision", 999)
        .unwrap();
    txn.commit().unwrap();
    drop(database);
    let error = open(&folder.path()).err().expect("a revision is missing");
    assert!(matches!(error, Error::Corrupt { .. }), "{error}");
}

#[test]
fn a_folder_that_can_not_be_made_is_said() {
    let folder = Folder::new();
    fs::write(folder.path(), "a file").unwrap();
    let error = open(&folder.path().join("below/hark.redb")).err().unwrap();
    assert!(matches!(error, Error::Io { .. }), "{error}");
}
