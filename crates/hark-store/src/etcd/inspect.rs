//! What each member of an etcd says about itself, for whoever looks for what is wrong.

use etcd_client::{AlarmAction, AlarmType, Client};
use hark_core::store::Error;
use tokio::time::timeout;

use super::Config;
use super::failure::{Repeat, Step, after, before_sending};
use super::version::Version;

/// The lease that is granted and taken back, to see whether leases work.
const LEASE_S: i64 = 10;

/// A member, and what it said.
#[derive(Debug)]
pub struct Member {
    /// Where it is.
    pub endpoint: String,
    /// What it said; an error if it did not answer.
    pub state: Result<State, Error>,
}

/// What a member says about itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct State {
    /// Its version.
    pub version: String,
    /// Whether that is one that Hark works with.
    pub is_supported: bool,
    /// Whether it knows who leads.
    pub has_leader: bool,
    /// Bytes on its disk.
    pub size_bytes: u64,
    /// Alarms that are raised, by etcd's names: `NOSPACE`, `CORRUPT`.
    pub alarms: Vec<String>,
    /// Why leases don't work; absent where they do, or where nothing was tried.
    pub leases: Option<String>,
}

/// Asks every member, one after the other; none longer than the settings allow.
///
/// # Errors
/// [`crate::Error::Setting`].
pub async fn inspect(config: &Config) -> Result<Vec<Member>, crate::Error> {
    let settings = config.settings()?;
    let limit = settings.request_timeout;
    let mut members = Vec::new();
    for endpoint in &settings.endpoints {
        let options = settings.options.clone();
        let asking = async {
            let client = Client::connect([endpoint], Some(options)).await?;
            state(client).await
        };
        let state = match timeout(limit, Box::pin(asking)).await {
            Ok(Ok(state)) => Ok(state),
            Ok(Err(error)) => Err(meaning(&error)),
            Err(_) => Err(Error::Unavailable(
                "it accepts, but says nothing".to_owned(),
            )),
        };
        members.push(Member {
            endpoint: endpoint.clone(),
            state,
        });
    }
    Ok(members)
}

/// What an error means to somebody who asks once.
fn meaning(error: &etcd_client::Error) -> Error {
    match after(before_sending(error), Repeat::Never, false) {
        Step::Give(error) => error,
        Step::Again => Error::Unavailable(error.to_string()),
    }
}

async fn state(mut client: Client) -> Result<State, etcd_client::Error> {
    let status = client.status().await?;
    // Some versions let only root ask; who may not ask has nothing to say about them.
    let asked = client.alarm(AlarmAction::Get, AlarmType::None, None).await;
    let name = |alarm| match alarm {
        AlarmType::Nospace => "NOSPACE",
        AlarmType::Corrupt => "CORRUPT",
        AlarmType::None => "another",
    };
    let alarms = asked.map(|answer| {
        let raised = answer.alarms().iter().map(|a| name(a.alarm()).to_owned());
        raised.collect()
    });
    let is_supported = Version::accept(status.version()).is_ok();
    let has_leader = status.leader() != 0;
    let leases = match is_supported && has_leader {
        true => lease(&mut client)
            .await
            .err()
            .map(|e| meaning(&e).to_string()),
        false => None,
    };
    Ok(State {
        version: status.version().to_owned(),
        is_supported,
        has_leader,
        size_bytes: u64::try_from(status.db_size()).unwrap_or(0),
        alarms: alarms.unwrap_or_default(),
        leases,
    })
}

async fn lease(client: &mut Client) -> Result<(), etcd_client::Error> {
    let lease = client.lease_grant(LEASE_S, None).await?;
    client.lease_revoke(lease.id()).await?;
    Ok(())
}
