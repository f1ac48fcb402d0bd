//! A disk in memory for redb that loses power, fills up, fails and stalls when told to.
//! A power cut loses what was not synced; which of it, if not all, is drawn by chance.

use std::io;
use std::path::Path;
use std::sync::{Arc, Condvar, Mutex, MutexGuard};

use hark_store::redb::Medium;
use redb::{Builder, Database, DatabaseError, StorageBackend};

use crate::support::Random;

/// What the first bytes of a redb file are, once it is complete.
const MAGIC: &[u8] = b"redb";

/// A disk with one file. Clones share it.
#[derive(Debug, Clone, Default)]
pub struct Disk {
    inner: Arc<(Mutex<Inner>, Condvar)>,
}

#[derive(Debug, Default)]
struct Inner {
    /// What a power cut leaves.
    synced: Vec<u8>,
    /// What reading gives.
    current: Vec<u8>,
    /// What was done since the last sync.
    unsynced: Vec<Change>,
    operations: u64,
    syncs: u64,
    /// After so many operations the power fails.
    cut_at: Option<u64>,
    capacity: Option<u64>,
    /// So many syncs fail.
    fail_syncs: u32,
    fail_opens: bool,
    stalled: bool,
    /// Whether a sync waits for the stall to end.
    waiting: bool,
}

#[derive(Debug, Clone)]
enum Change {
    Write(u64, Vec<u8>),
    Length(u64),
}

impl Disk {
    /// How many operations were done.
    pub fn operations(&self) -> u64 {
        self.lock().operations
    }

    /// How many syncs were done.
    pub fn syncs(&self) -> u64 {
        self.lock().syncs
    }

    /// Lets the power fail after so many operations more.
    pub fn cut_after(&self, operations: u64) {
        let mut inner = self.lock();
        inner.cut_at = Some(inner.operations + operations);
    }

    /// The power is back; nothing that was unsynced is there.
    pub fn lose_everything_unsynced(&self) {
        self.power_up(|_| false, |_| 0);
    }

    /// The power is back; of what was unsynced a part is there, in any order, and the
    /// last of it may be torn.
    pub fn lose_some_unsynced(&self, random: &mut Random) {
        let mut order = Random(random.next());
        self.power_up(
            |_| random.below(2) == 0,
            move |bound| order.below(bound.max(1)),
        );
    }

    fn power_up(
        &self,
        mut survives: impl FnMut(&Change) -> bool,
        mut pick: impl FnMut(u64) -> u64,
    ) {
        let mut inner = self.lock();
        let mut kept: Vec<_> = std::mem::take(&mut inner.unsynced)
            .into_iter()
            .filter(|change| survives(change))
            .collect();
        let mut file = inner.synced.clone();
        while !kept.is_empty() {
            let change = kept.swap_remove(pick(kept.len() as u64) as usize);
            match change {
                Change::Write(at, data) => {
                    let torn = if kept.is_empty() {
                        data.len() / 2
                    } else {
                        data.len()
                    };
                    let end = at as usize + torn;
                    if file.len() < end {
                        file.resize(end, 0);
                    }
                    file[at as usize..end].copy_from_slice(&data[..torn]);
                }
                // A file that was cut short is not seen: redb syncs before it shrinks.
                Change::Length(length) => {
                    if file.len() < length as usize {
                        file.resize(length as usize, 0);
                    }
                }
            }
        }
        // A file that is not complete has not been moved into place yet.
        if !file.starts_with(MAGIC) {
            file.clear();
        }
        inner.synced.clone_from(&file);
        inner.current = file;
        inner.cut_at = None;
    }

    /// Allows the file to grow by so much and no more; `None`: without a bound.
    pub fn leave_space(&self, bytes: Option<u64>) {
        let mut inner = self.lock();
        inner.capacity = bytes.map(|bytes| inner.current.len() as u64 + bytes);
    }

    /// Lets the next `count` syncs fail, though what was written can be read back.
    pub fn fail_syncs(&self, count: u32) {
        self.lock().fail_syncs = count;
    }

    /// Whether the file can't be opened from now on.
    pub fn fail_opens(&self, fail: bool) {
        self.lock().fail_opens = fail;
    }

    /// Lets syncs wait from now on.
    pub fn stall(&self) {
        self.lock().stalled = true;
    }

    /// Lets syncs go on.
    pub fn go_on(&self) {
        self.lock().stalled = false;
        self.inner.1.notify_all();
    }

    /// Waits until a sync stalls.
    pub fn wait_for_stall(&self) {
        let inner = self.lock();
        drop(self.inner.1.wait_while(inner, |i| !i.waiting).unwrap());
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.0.lock().unwrap()
    }

    /// Counts an operation; an error once the power is off.
    fn operate(&self) -> io::Result<MutexGuard<'_, Inner>> {
        let mut inner = self.lock();
        if inner.cut_at.is_some_and(|at| inner.operations >= at) {
            return Err(io::Error::other("the power is off"));
        }
        inner.operations += 1;
        Ok(inner)
    }
}

impl Medium for Disk {
    fn path(&self) -> &Path {
        Path::new("a disk in memory")
    }

    fn open(&self, builder: &Builder) -> Result<Database, DatabaseError> {
        if self.lock().fail_opens {
            return Err(io::Error::other("the disk is not there").into());
        }
        builder.create_with_backend(self.clone())
    }
}

impl StorageBackend for Disk {
    fn len(&self) -> io::Result<u64> {
        Ok(self.lock().current.len() as u64)
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        let inner = self.lock();
        let start = offset as usize;
        let found = inner.current.get(start..start + out.len());
        out.copy_from_slice(found.ok_or(io::ErrorKind::UnexpectedEof)?);
        Ok(())
    }

    fn set_len(&self, length: u64) -> io::Result<()> {
        let mut inner = self.operate()?;
        let grows = length > inner.current.len() as u64;
        if grows && inner.capacity.is_some_and(|capacity| length > capacity) {
            return Err(io::ErrorKind::StorageFull.into());
        }
        inner.current.resize(length as usize, 0);
        inner.unsynced.push(Change::Length(length));
        Ok(())
    }

    fn sync_data(&self) -> io::Result<()> {
        let mut inner = self.operate()?;
        if inner.stalled {
            inner.waiting = true;
            self.inner.1.notify_all();
            inner = self.inner.1.wait_while(inner, |i| i.stalled).unwrap();
            inner.waiting = false;
        }
        if inner.fail_syncs > 0 {
            inner.fail_syncs -= 1;
            return Err(io::Error::other("the disk is failing"));
        }
        inner.syncs += 1;
        let inner = &mut *inner;
        for change in inner.unsynced.drain(..) {
            match change {
                Change::Write(at, data) => {
                    let at = at as usize;
                    inner.synced[at..at + data.len()].copy_from_slice(&data);
                }
                Change::Length(length) => inner.synced.resize(length as usize, 0),
            }
        }
        Ok(())
    }

    fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        let mut inner = self.operate()?;
        let start = offset as usize;
        inner.current[start..start + data.len()].copy_from_slice(data);
        inner.unsynced.push(Change::Write(offset, data.to_vec()));
        Ok(())
    }
}
