//! Reading any number of keys as they were at one revision, a page at a time.

use etcd_client::GetResponse;
use hark_core::store::{Error, Revision, Select, Snapshot};

use super::convert::{self, Bounds};
use super::failure::Repeat;
use super::members::Members;

/// Keys that are asked for at a time, at first. Fewer, if their values are so large that
/// an answer exceeds what the client decodes (4 MB).
const KEYS_A_PAGE: i64 = 2_000;
/// A read begins again so often when history is compacted faster than it is read.
const ATTEMPTS: usize = 3;

/// What there is, at one revision.
pub(crate) async fn read(members: &Members, select: &Select) -> Result<Snapshot, Error> {
    for _ in 0..ATTEMPTS {
        match read_pages(members, select).await {
            Err(Error::Compacted { .. }) => {}
            done => return done,
        }
    }
    let why = "etcd compacts its history faster than it can be read";
    Err(Error::Unavailable(why.to_owned()))
}

async fn read_pages(members: &Members, select: &Select) -> Result<Snapshot, Error> {
    let mut bounds = Bounds::of(select);
    let mut limit = KEYS_A_PAGE;
    let mut snapshot: Option<Snapshot> = None;
    loop {
        let at = snapshot.as_ref().map_or(Revision(0), |s| s.revision);
        let mut page = match read_page(members, &bounds, limit, at).await {
            Err(Error::TooLarge(_)) if limit > 1 => {
                limit /= 2;
                continue;
            }
            page => page?,
        };
        let revision = convert::revision(page.header())?;
        let snapshot = snapshot.get_or_insert(Snapshot {
            revision,
            entries: vec![],
        });
        snapshot.entries.extend(convert::entries(page.take_kvs())?);
        let last = snapshot.entries.last().filter(|_| page.more());
        let Some(last) = last else {
            return Ok(std::mem::replace(
                snapshot,
                Snapshot {
                    revision,
                    entries: vec![],
                },
            ));
        };
        // The least key after the last one.
        bounds.first = last.key.as_str().into();
        bounds.first.push(0);
    }
}

async fn read_page(
    members: &Members,
    bounds: &Bounds,
    limit: i64,
    at: Revision,
) -> Result<GetResponse, Error> {
    let options = bounds.get().with_limit(limit).with_revision(at.0);
    let ask = |client: etcd_client::Client| {
        let (first, options) = (bounds.first.clone(), options.clone());
        async move { client.kv_client().get(first, Some(options)).await }
    };
    members.call(Repeat::Safe, ask).await
}
