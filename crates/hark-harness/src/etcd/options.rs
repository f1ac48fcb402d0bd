//! How an etcd is started.

/// How an etcd is started.
#[derive(Debug, Clone)]
pub struct Options {
    /// How many members it has.
    pub members: usize,
    /// Whether clients must come with TLS and a certificate of its authority
    /// ([`Etcd::tls`](super::Etcd::tls)).
    pub tls: bool,
    /// How many bytes it may store; absent: etcd's default.
    pub quota_bytes: Option<u64>,
    /// Arguments besides.
    pub more: Vec<String>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            members: 1,
            tls: false,
            quota_bytes: None,
            more: vec![],
        }
    }
}
