//! A trace that begins at the client: W3C Trace Context.

use tonic::metadata::{Ascii, MetadataValue};
use uuid::Uuid;

/// A trace that begins with a client's call, and that the house's own spans join. It asks
/// to be kept, whatever part of all traces the house keeps.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trace {
    id: String,
    header: MetadataValue<Ascii>,
}

impl Trace {
    /// A new one.
    pub fn begin() -> Self {
        let id = Uuid::new_v4().simple().to_string();
        // The client's own span: nobody exports it, so any id that is not zero will do.
        let (span, _) = Uuid::new_v4().as_u64_pair();
        let header = format!("00-{id}-{:016x}-01", span.max(1));
        let header = header.parse().expect("hexadecimal digits are ASCII");
        Self { id, header }
    }

    /// Its id, as tools show it: 32 hexadecimal digits.
    pub fn id(&self) -> &str {
        &self.id
    }

    pub(crate) fn header(&self) -> &MetadataValue<Ascii> {
        &self.header
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_trace_is_new_and_well_formed() {
        let (one, other) = (Trace::begin(), Trace::begin());
        assert_ne!(one.id(), other.id());
        let header = one.header().to_str().unwrap();
        let parts: Vec<_> = header.split('-').collect();
        assert_eq!(parts.len(), 4);
        assert_eq!((parts[0], parts[1], parts[3]), ("00", one.id(), "01"));
        assert_eq!((parts[1].len(), parts[2].len()), (32, 16));
        assert!(parts[2].chars().any(|c| c != '0'));
    }
}
