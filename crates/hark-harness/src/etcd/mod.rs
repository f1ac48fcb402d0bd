//! Real etcd: one member or three, of any version that this machine has.

mod auth;
mod binary;
mod folder;
mod member;
mod options;

pub use auth::User;
pub use binary::Binary;
pub use options::Options;

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use tempfile::TempDir;

use crate::Error;
use crate::tls::Tls;
use member::Member;

/// Long enough for a busy machine; only a server that never comes exceeds it.
const READY_LIMIT: Duration = Duration::from_secs(60);
const LOOK_EVERY: Duration = Duration::from_millis(20);

/// A running etcd of one member or more. Dropping it kills all of them and deletes their
/// data. Its calls block; they are meant for tests.
#[derive(Debug)]
pub struct Etcd {
    binary: Binary,
    members: Vec<Member>,
    tls: Option<Tls>,
    _folder: TempDir,
}

impl Etcd {
    /// A running etcd with so many members, of the newest version that is here. `None`,
    /// after a line `not run: …`, where there is none.
    ///
    /// # Panics
    /// If it doesn't start.
    pub fn start(members: usize) -> Option<Self> {
        let binary = Binary::newest()?;
        let options = Options {
            members,
            ..Options::default()
        };
        let started = Self::start_with(&binary, &options);
        Some(started.unwrap_or_else(|error| panic!("{}: {error}", binary.name())))
    }

    /// A running etcd of this version, and as told.
    ///
    /// # Errors
    /// With the end of its log.
    pub fn start_with(binary: &Binary, options: &Options) -> Result<Self, Error> {
        let folder = folder::create()?;
        let tls = (options.tls)
            .then(|| Tls::create(folder.path(), crate::ports::address()))
            .transpose()?;
        let members = Member::plan(binary, options, tls.as_ref(), folder.path());
        let mut etcd = Self {
            binary: binary.clone(),
            members,
            tls,
            _folder: folder,
        };
        for member in &mut etcd.members {
            member.start()?;
        }
        etcd.wait_until_ready()?;
        Ok(etcd)
    }

    /// Which program and version it is.
    pub fn binary(&self) -> &Binary {
        &self.binary
    }

    /// Where each member is: `http://…` or `https://…`.
    pub fn endpoints(&self) -> Vec<String> {
        self.members.iter().map(Member::endpoint).collect()
    }

    /// Where each member listens for clients.
    pub fn addresses(&self) -> Vec<SocketAddr> {
        self.members.iter().map(Member::address).collect()
    }

    /// The certificates, if it was started with them.
    pub fn tls(&self) -> Option<&Tls> {
        self.tls.as_ref()
    }

    /// How many members it has, those that are down included.
    pub fn members(&self) -> usize {
        self.members.len()
    }

    /// The member that leads now, if one does.
    pub fn leader(&self) -> Option<usize> {
        self.members.iter().position(Member::leads)
    }

    /// Waits for a leader.
    ///
    /// # Errors
    /// [`Error::NotReady`].
    pub fn wait_for_leader(&self) -> Result<usize, Error> {
        let began = Instant::now();
        loop {
            if let Some(leader) = self.leader() {
                return Ok(leader);
            }
            if began.elapsed() > READY_LIMIT {
                return Err(Error::NotReady {
                    what: "an etcd leader".to_owned(),
                    seconds: READY_LIMIT.as_secs(),
                    log: self.members[0].log_tail(),
                });
            }
            std::thread::sleep(LOOK_EVERY);
        }
    }

    /// Waits until every member that runs is healthy.
    ///
    /// # Errors
    /// [`Error::NotReady`] with the end of its log.
    pub fn wait_until_ready(&mut self) -> Result<(), Error> {
        for member in &mut self.members {
            member.wait_until_healthy(READY_LIMIT)?;
        }
        Ok(())
    }

    /// Kills a member as `kill -9` does.
    ///
    /// # Errors
    /// [`Error::Io`].
    pub fn kill(&mut self, member: usize) -> Result<(), Error> {
        self.members[member].kill()
    }

    /// Starts a member that was killed, with the data it had. It doesn't wait until the
    /// member is healthy: without a quorum it can't be.
    ///
    /// # Errors
    /// [`Error::Spawn`].
    pub fn restart(&mut self, member: usize) -> Result<(), Error> {
        self.members[member].start()
    }

    /// Stops a member in its tracks; its connections stay open and silent.
    ///
    /// # Errors
    /// [`Error::Signal`], [`Error::NotReady`].
    pub fn pause(&mut self, member: usize) -> Result<(), Error> {
        self.members[member].pause()
    }

    /// Lets a paused member go on.
    ///
    /// # Errors
    /// [`Error::Signal`].
    pub fn resume(&self, member: usize) -> Result<(), Error> {
        self.members[member].signal(nix::sys::signal::Signal::SIGCONT)
    }
}
