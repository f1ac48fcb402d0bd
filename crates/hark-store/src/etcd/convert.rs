//! The port's words in etcd's, and back.

use etcd_client::proto::PbKeyValue;
use etcd_client::{
    Compare as EtcdCompare, CompareOp, DeleteOptions, GetOptions, KeyValue, PutOptions,
    ResponseHeader, Txn as EtcdTxn, TxnOp, TxnOpResponse, TxnResponse,
};
use hark_core::store::{
    Compare, Entry, Error, Key, LeaseId, Op, OpResult, Revision, Select, Txn, TxnResult,
};

/// Which keys, in etcd's words: from the first key on, before the second; an empty second
/// means the first alone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Bounds {
    pub(crate) first: Vec<u8>,
    pub(crate) end: Vec<u8>,
}

impl Bounds {
    pub(crate) fn of(select: &Select) -> Self {
        match select {
            Select::Key(key) => Self {
                first: key.as_str().into(),
                end: vec![],
            },
            Select::Prefix(prefix) => Self::of_prefix(prefix),
        }
    }

    pub(crate) fn of_prefix(prefix: &Key) -> Self {
        let first: Vec<u8> = prefix.as_str().into();
        let mut end = first.clone();
        // No byte of UTF-8 is 255, so the last one can always be raised.
        match end.last_mut() {
            Some(last) => *last += 1,
            // etcd's words for "all keys".
            None => {
                return Self {
                    first: vec![0],
                    end: vec![0],
                };
            }
        }
        Self { first, end }
    }

    pub(crate) fn get(&self) -> GetOptions {
        match self.end.is_empty() {
            true => GetOptions::new(),
            false => GetOptions::new().with_range(self.end.clone()),
        }
    }

    fn delete(&self) -> DeleteOptions {
        match self.end.is_empty() {
            true => DeleteOptions::new(),
            false => DeleteOptions::new().with_range(self.end.clone()),
        }
    }
}

/// A transaction.
pub(crate) fn txn(txn: &Txn) -> EtcdTxn {
    let ops = |ops: &[Op]| ops.iter().map(op).collect::<Vec<_>>();
    let compares: Vec<_> = txn.compares.iter().map(compare).collect();
    EtcdTxn::new()
        .when(compares)
        .and_then(ops(&txn.success))
        .or_else(ops(&txn.failure))
}

fn compare(compare: &Compare) -> EtcdCompare {
    let equal = CompareOp::Equal;
    let key = compare.key().as_str();
    match compare {
        Compare::CreateRevision(_, r) => EtcdCompare::create_revision(key, equal, r.0),
        Compare::ModRevision(_, r) => EtcdCompare::mod_revision(key, equal, r.0),
        Compare::Version(_, version) => EtcdCompare::version(key, equal, *version),
        Compare::Value(_, value) => EtcdCompare::value(key, equal, value.clone()),
    }
}

fn op(op: &Op) -> TxnOp {
    match op {
        Op::Put { key, value, lease } => {
            let options = lease.map(|lease| PutOptions::new().with_lease(lease.0));
            TxnOp::put(key.as_str(), value.clone(), options)
        }
        Op::Delete(select) => {
            let bounds = Bounds::of(select);
            TxnOp::delete(bounds.first.clone(), Some(bounds.delete()))
        }
        Op::Get(select) => {
            let bounds = Bounds::of(select);
            TxnOp::get(bounds.first.clone(), Some(bounds.get()))
        }
    }
}

/// What a transaction gave.
pub(crate) fn txn_result(response: &TxnResponse) -> Result<TxnResult, Error> {
    let results = response.op_responses().into_iter().map(op_result);
    Ok(TxnResult {
        succeeded: response.succeeded(),
        revision: revision(response.header())?,
        results: results.collect::<Result<_, _>>()?,
    })
}

fn op_result(response: TxnOpResponse) -> Result<OpResult, Error> {
    Ok(match response {
        TxnOpResponse::Put(_) => OpResult::Put,
        TxnOpResponse::Delete(deleted) => {
            OpResult::Deleted(usize::try_from(deleted.deleted()).unwrap_or(0))
        }
        TxnOpResponse::Get(mut got) => OpResult::Entries(entries(got.take_kvs())?),
        TxnOpResponse::Txn(_) => {
            return Err(Error::Corrupt("etcd answers what was not asked".to_owned()));
        }
    })
}

/// The revision in an answer's header.
pub(crate) fn revision(header: Option<&ResponseHeader>) -> Result<Revision, Error> {
    let missing = || Error::Corrupt("an answer of etcd has no header".to_owned());
    header.map(|h| Revision(h.revision())).ok_or_else(missing)
}

/// What was found.
pub(crate) fn entries(found: Vec<KeyValue>) -> Result<Vec<Entry>, Error> {
    found.into_iter().map(|kv| entry(kv.0)).collect()
}

/// One key and its value.
pub(crate) fn entry(kv: PbKeyValue) -> Result<Entry, Error> {
    Ok(Entry {
        key: key(kv.key)?,
        value: kv.value,
        create_revision: Revision(kv.create_revision),
        mod_revision: Revision(kv.mod_revision),
        version: kv.version,
        lease: (kv.lease != 0).then_some(LeaseId(kv.lease)),
    })
}

/// A key.
pub(crate) fn key(bytes: Vec<u8>) -> Result<Key, Error> {
    let text = String::from_utf8(bytes);
    let foreign = |e: std::string::FromUtf8Error| {
        let key = String::from_utf8_lossy(e.as_bytes()).into_owned();
        Error::Corrupt(format!(
            "the key {key:?} is no UTF-8: Hark did not write it"
        ))
    };
    text.map(Key::new).map_err(foreign)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn has(bounds: &Bounds, key: &str) -> bool {
        let (key, first, end) = (key.as_bytes(), &bounds.first[..], &bounds.end[..]);
        match end {
            [] => key == first,
            [0] => key >= first,
            end => key >= first && key < end,
        }
    }

    proptest! {
        #[test]
        fn bounds_select_what_the_port_does(prefix in "[aä/ÿ\u{7f}\u{10ffff}]{0,3}", key in "[aä/bÿ\u{7f}\u{10ffff}]{1,5}") {
            let key = Key::new(key);
            for select in [Select::Prefix(Key::new(prefix.as_str())), Select::Key(key.clone())] {
                let bounds = Bounds::of(&select);
                prop_assert_eq!(has(&bounds, key.as_str()), select.contains(&key), "{:?}", select);
            }
        }
    }

    #[test]
    fn a_key_that_is_no_text_is_told() {
        let error = key(vec![0xff, b'a']).unwrap_err();
        assert!(error.to_string().contains("no UTF-8"), "{error}");
    }
}
