//! What a node is, and how it does.

use std::time::Duration;

use hark_core::HomeId;
use hark_core::language::Language;
use hark_core::store::Revision;
use hark_proto::convert::ids;
use hark_proto::convert::time::required_duration;
use hark_proto::v1;
use hark_proto::v1::cluster_client::ClusterClient;

use crate::{Client, Error};

/// How a node does.
#[derive(Debug, Clone, PartialEq)]
pub struct Status {
    /// Hark's version.
    pub version: String,
    /// How long the process runs.
    pub uptime: Duration,
    /// The home that it serves.
    pub home: HomeId,
    /// The home's languages.
    pub languages: Vec<Language>,
    /// Its parts.
    pub parts: Vec<Part>,
    /// Where state is kept.
    pub store: Option<StoreStatus>,
    /// What turns audio into words; `None` where no worker answers.
    pub model: Option<Model>,
    /// Speakers that are attached.
    pub attached_speakers: u32,
    /// Streams that are open.
    pub open_streams: u32,
    /// What the owner should know, like an address that anybody may call.
    pub warnings: Vec<String>,
}

/// How one part of a process does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Part {
    /// ingest, inference or router.
    pub name: String,
    /// Whether it can serve.
    pub ready: bool,
    /// Why not; empty where it can.
    pub reason: String,
}

/// Where state is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoreStatus {
    /// memory, redb or etcd.
    pub kind: String,
    /// The newest revision that is known.
    pub revision: Revision,
    /// How old that knowledge is.
    pub age: Duration,
}

/// What turns audio into words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Model {
    /// The model's name.
    pub name: String,
    /// The engine that runs it; `fake` says that nothing is really heard.
    pub engine: String,
    /// How good it is beside the others of the house; 0 where that is not known.
    pub tier: u32,
    /// Languages that it was made for; empty where it is for all.
    pub languages: Vec<Language>,
}

impl Client {
    /// How the node does that this client is connected to.
    ///
    /// # Errors
    /// [`Error::Server`], [`Error::Silent`], [`Error::Protocol`].
    pub async fn status(&self) -> Result<Status, Error> {
        let mut client = ClusterClient::new(self.channel());
        let call = client.get_status(self.request(v1::GetStatusRequest {}));
        let response = self.within_deadline(call).await?;
        Status::try_from(response).map_err(|e| Error::unreadable("a status", &e))
    }
}

impl TryFrom<v1::GetStatusResponse> for Status {
    type Error = hark_proto::Error;

    fn try_from(message: v1::GetStatusResponse) -> Result<Self, hark_proto::Error> {
        Ok(Self {
            version: message.version,
            uptime: required_duration("uptime", message.uptime)?,
            home: ids::home("home_id", &message.home_id)?,
            languages: ids::languages("languages", &message.languages, usize::MAX)?,
            parts: message.parts.into_iter().map(part).collect(),
            store: message.store.map(store).transpose()?,
            model: message.model.map(model).transpose()?,
            attached_speakers: message.attached_speakers,
            open_streams: message.open_streams,
            warnings: message.warnings,
        })
    }
}

pub(crate) fn part(message: v1::PartStatus) -> Part {
    Part {
        name: message.name,
        ready: message.ready,
        reason: message.reason,
    }
}

fn store(message: v1::StoreStatus) -> Result<StoreStatus, hark_proto::Error> {
    Ok(StoreStatus {
        kind: message.kind,
        revision: Revision(message.revision),
        age: required_duration("store.age", message.age)?,
    })
}

pub(crate) fn model(message: v1::ModelStatus) -> Result<Model, hark_proto::Error> {
    Ok(Model {
        name: message.name,
        engine: message.engine,
        tier: message.tier,
        languages: ids::languages("model.languages", &message.languages, usize::MAX)?,
    })
}
