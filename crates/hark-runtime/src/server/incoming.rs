//! Accepting connections, within bounds: more are closed at once, so that a flood costs
//! its sender more than us and never takes the places of others.

use std::collections::HashMap;
use std::io;
use std::net::{IpAddr, Ipv6Addr, SocketAddr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use futures_util::{Stream, stream};
use hark_tls::ServerTls;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio_util::sync::{CancellationToken, DropGuard};

use super::Config;
use super::connection::{Connection, Ends, Io};
use super::metrics::Metrics;
use crate::auth::Peer;
use crate::memory;

/// How long to wait after an error of accept (no more file descriptors, say).
const ERROR_PAUSE: Duration = Duration::from_millis(50);

/// What accepting is bounded by.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Limits {
    /// Connections in all.
    pub(crate) total: usize,
    /// Connections from one network.
    pub(crate) per_network: usize,
    /// TLS handshakes that may go on at once.
    pub(crate) handshakes: usize,
    /// How long a client may take to begin.
    pub(crate) hello: Duration,
}

impl Limits {
    pub(super) fn of(config: &Config) -> Self {
        Self {
            total: config.max_connections,
            per_network: config.max_connections_per_ip,
            handshakes: config.tls.as_ref().map_or(0, |tls| tls.max_handshakes),
            hello: Duration::from_millis(config.handshake_timeout_ms),
        }
    }
}

/// What accepts connections.
#[derive(Debug)]
pub(crate) struct Incoming {
    source: Source,
    limits: Limits,
    places: Arc<Places>,
    ends: Ends,
    _closing: DropGuard,
    metrics: Arc<Metrics>,
}

#[derive(Debug)]
enum Source {
    Tcp(TcpListener, Option<Secure>),
    Memory(memory::Listener),
}

/// What makes connections secure, and how many may be on their way to that.
#[derive(Debug, Clone)]
struct Secure {
    tls: ServerTls,
    handshakes: Arc<Semaphore>,
}

impl Incoming {
    pub(crate) fn tcp(listener: TcpListener, limits: Limits) -> Self {
        Self::new(Source::Tcp(listener, None), limits)
    }

    pub(crate) fn tls(listener: TcpListener, limits: Limits, tls: ServerTls) -> Self {
        let handshakes = Arc::new(Semaphore::new(limits.handshakes));
        let secure = Secure { tls, handshakes };
        Self::new(Source::Tcp(listener, Some(secure)), limits)
    }

    pub(crate) fn memory(listener: memory::Listener, limits: Limits) -> Self {
        Self::new(Source::Memory(listener), limits)
    }

    fn new(source: Source, limits: Limits) -> Self {
        let metrics = Metrics::shared();
        let closing = CancellationToken::new();
        Self {
            source,
            limits,
            places: Arc::new(Places::new(Arc::clone(&metrics))),
            _closing: closing.clone().drop_guard(),
            ends: Ends {
                cut: CancellationToken::new(),
                closing,
                hello: limits.hello,
            },
            metrics,
        }
    }

    /// What cuts every connection that was accepted.
    pub(crate) fn cut(&self) -> CancellationToken {
        self.ends.cut.clone()
    }

    /// The connections, as tonic wants them.
    pub(crate) fn into_stream(self) -> impl Stream<Item = io::Result<Connection>> {
        stream::unfold(self, |mut incoming| async move {
            let connection = incoming.accept().await?;
            Some((Ok(connection), incoming))
        })
    }

    /// The next connection; `None` once there can't be another.
    pub(crate) async fn accept(&mut self) -> Option<Connection> {
        loop {
            match &mut self.source {
                Source::Memory(listener) => {
                    let io = Io::Memory(listener.accept().await?);
                    return Some(self.connection(io, Peer::Memory, None));
                }
                Source::Tcp(listener, secure) => match listener.accept().await {
                    Ok((io, address)) => {
                        let secure = secure.clone();
                        if let Some(connection) = self.admit(io, address, secure) {
                            return Some(connection);
                        }
                    }
                    Err(error) => {
                        tracing::warn!(%error, "cannot accept a connection");
                        tokio::time::sleep(ERROR_PAUSE).await;
                    }
                },
            }
        }
    }

    /// A connection that was accepted, unless that is one too many.
    fn admit(
        &self,
        io: TcpStream,
        address: SocketAddr,
        secure: Option<Secure>,
    ) -> Option<Connection> {
        let place = Places::take(&self.places, &self.limits, network(address.ip()));
        let place = place.map_err(|reason| self.reject(address, reason)).ok()?;
        if let Err(error) = io.set_nodelay(true) {
            tracing::debug!(%error, "cannot set TCP_NODELAY");
        }
        let Some(secure) = secure else {
            return Some(self.connection(Io::Tcp(io), Peer::Tcp(address), Some(place)));
        };
        let Ok(permit) = secure.handshakes.try_acquire_owned() else {
            self.reject(address, "handshakes");
            return None;
        };
        let accepting = secure.tls.accept(io);
        let peer = Peer::Tls(address, accepting.peer().clone());
        let io = Io::Tls(Box::new(accepting), Some(permit));
        Some(self.connection(io, peer, Some(place)))
    }

    fn reject(&self, address: SocketAddr, reason: &'static str) {
        self.metrics.rejected(reason);
        tracing::debug!(%address, reason, "closed a connection");
    }

    fn connection(&self, io: Io, peer: Peer, place: Option<Place>) -> Connection {
        Connection::new(io, peer, place, self.ends.clone())
    }
}

/// What counts as one sender: an IPv4 address, or the /64 of an IPv6 one, of which a
/// single machine has all.
fn network(ip: IpAddr) -> IpAddr {
    match ip.to_canonical() {
        IpAddr::V6(v6) => {
            let [a, b, c, d, ..] = v6.segments();
            IpAddr::V6(Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0))
        }
        v4 @ IpAddr::V4(_) => v4,
    }
}

/// The places that connections have taken, by network.
#[derive(Debug)]
struct Places {
    taken: Mutex<Taken>,
    metrics: Arc<Metrics>,
}

#[derive(Debug, Default)]
struct Taken {
    total: usize,
    by_network: HashMap<IpAddr, usize>,
}

/// A place, until it is dropped.
#[derive(Debug)]
pub(crate) struct Place {
    places: Arc<Places>,
    network: IpAddr,
}

impl Places {
    fn new(metrics: Arc<Metrics>) -> Self {
        Self {
            taken: Mutex::default(),
            metrics,
        }
    }

    fn take(places: &Arc<Self>, limits: &Limits, network: IpAddr) -> Result<Place, &'static str> {
        let mut taken = places.taken();
        if taken.total >= limits.total {
            return Err("total");
        }
        let of_network = taken.by_network.get(&network).copied().unwrap_or(0);
        if of_network >= limits.per_network {
            return Err("per_ip");
        }
        taken.by_network.insert(network, of_network + 1);
        taken.total += 1;
        places.metrics.connections(1);
        Ok(Place {
            places: Arc::clone(places),
            network,
        })
    }

    fn taken(&self) -> MutexGuard<'_, Taken> {
        self.taken.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut taken = self.places.taken();
        taken.total -= 1;
        if let Some(count) = taken.by_network.get_mut(&self.network) {
            *count -= 1;
            if *count == 0 {
                taken.by_network.remove(&self.network);
            }
        }
        self.places.metrics.connections(-1);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_bounded_in_all_and_by_network_and_given_back() {
        let places = Arc::new(Places::new(Metrics::shared()));
        let limits = Limits {
            total: 3,
            per_network: 2,
            handshakes: 0,
            hello: Duration::ZERO,
        };
        let ip = |last| network(IpAddr::from([192, 168, 0, last]));
        let take = |last| Places::take(&places, &limits, ip(last));
        let first = take(1).unwrap();
        let _second = take(1).unwrap();
        assert_eq!(take(1).unwrap_err(), "per_ip");
        let _third = take(2).unwrap();
        assert_eq!(take(3).unwrap_err(), "total");
        drop(first);
        assert!(take(1).is_ok());
        assert_eq!(places.taken().total, 2);
    }

    #[test]
    fn nothing_is_kept_of_those_who_left() {
        let places = Arc::new(Places::new(Metrics::shared()));
        let limits = Limits {
            total: 10,
            per_network: 1,
            handshakes: 0,
            hello: Duration::ZERO,
        };
        for i in 0..200 {
            drop(Places::take(&places, &limits, IpAddr::from([10, 0, 0, i])).unwrap());
        }
        assert!(places.taken().by_network.is_empty());
    }

    #[test]
    fn one_machine_is_one_network() {
        for (a, b, same) in [
            ("10.0.0.1", "10.0.0.1", true),
            ("10.0.0.1", "10.0.0.2", false),
            ("10.0.0.1", "::ffff:10.0.0.1", true),
            ("2001:db8::1", "2001:db8::ffff:2", true),
            ("2001:db8::1", "2001:db8:0:1::1", false),
        ] {
            let of = |text: &str| network(text.parse().unwrap());
            assert_eq!(of(a) == of(b), same, "{a} {b}");
        }
    }
}
