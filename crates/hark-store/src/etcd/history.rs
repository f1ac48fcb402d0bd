//! What etcd still knows of its history: which revisions can be watched from, and how
//! older ones are forgotten.
//!
//! The port's "compact at R" keeps R: it can be watched from R. etcd's own compaction at
//! R may lose a deletion at R, so ours is etcd's at the revision before.

use std::time::Duration;

use etcd_client::{Client, Error as EtcdError, GetOptions, WatchOptions};
use hark_core::store::{Error, Revision};
use tokio::time::timeout;

use super::convert;
use super::failure::{Failure, Repeat, classify};
use super::members::Members;

/// A key that every etcd can be asked about.
const ANY_KEY: [u8; 1] = [0];
/// How long to wait for word of what is compacted. It comes within etcd's 100 ms.
const WORD_LIMIT: Duration = Duration::from_secs(1);

/// Forgets the history before `revision`.
pub(crate) async fn compact(members: &Members, revision: Revision) -> Result<(), Error> {
    let newest = members.call(Repeat::Safe, newest).await?;
    let newest = convert::revision(newest.header())?;
    if revision > newest {
        return Err(Error::Future {
            asked: revision,
            newest,
        });
    }
    // There is nothing before 1, and etcd does not compact at 0.
    let at = (revision.0 - 1).max(1);
    let ask = async |mut client: Client| client.compact(at, None).await;
    match members.call(Repeat::Never, ask).await {
        Err(Error::Compacted { .. }) => Err(Error::Compacted {
            min: first_kept(members, revision).await?,
        }),
        done => done.map(drop),
    }
}

/// Whether `from` can be watched from, on this member: asks for the moment before it,
/// which etcd knows exactly as long as it can tell all that followed.
pub(crate) async fn check(client: &Client, key: &[u8], from: Revision) -> Result<(), Failure> {
    // There is no change at 1, with which etcd begins.
    let before = (from.0 - 1).max(1);
    let options = GetOptions::new().with_count_only().with_revision(before);
    let asked = client.kv_client().get(key, Some(options)).await;
    match asked.map_err(|e| classify(&e)) {
        Ok(_) => Ok(()),
        Err(Failure::Refused(Error::Compacted { .. })) => {
            let min = first_kept_of(client, key, from).await;
            Err(Failure::Refused(Error::Compacted { min }))
        }
        Err(Failure::Refused(Error::Future { .. })) => {
            let options = GetOptions::new().with_count_only();
            let now = client.kv_client().get(key, Some(options)).await;
            let now = now.map_err(|e| classify(&e))?;
            let newest = convert::revision(now.header()).map_err(Failure::Refused)?;
            // It may have come to be meanwhile.
            Err(match newest.next() < from {
                true => Failure::Refused(Error::Future {
                    asked: from,
                    newest,
                }),
                false => Failure::NotDone("etcd has just got there".to_owned()),
            })
        }
        Err(failure) => Err(failure),
    }
}

async fn newest(client: Client) -> Result<etcd_client::GetResponse, EtcdError> {
    let options = GetOptions::new().with_count_only();
    client.kv_client().get(ANY_KEY, Some(options)).await
}

async fn first_kept(members: &Members, at_least: Revision) -> Result<Revision, Error> {
    let ask = async |client: Client| Ok(first_kept_of(&client, &ANY_KEY, at_least).await);
    members.call(Repeat::Safe, ask).await
}

/// The first revision that can be watched from. Asked only where something is compacted:
/// a watch from the beginning is then refused, and told why. Without that word it is what
/// is known without: after `refused`.
async fn first_kept_of(client: &Client, key: &[u8], refused: Revision) -> Revision {
    let word = async {
        let options = WatchOptions::new().with_start_revision(1);
        let mut stream = client.watch_client().watch(key, Some(options)).await.ok()?;
        loop {
            let word = stream.message().await.ok()??;
            if word.compact_revision() > 0 {
                return Some(Revision(word.compact_revision()).next());
            }
            if word.canceled() {
                return None;
            }
        }
    };
    let word = timeout(WORD_LIMIT, word).await.ok().flatten();
    word.unwrap_or(Revision(refused.0.max(1)).next())
}
