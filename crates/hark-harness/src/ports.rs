//! Ports that no one else uses: each test process has an address of 127.0.0.0/8 to
//! itself, made of its process id, and counts its ports upwards.

use std::net::{IpAddr, Ipv4Addr, SocketAddr, TcpListener};
use std::sync::atomic::{AtomicU16, Ordering};

/// Below the range that the kernel takes ports of outgoing connections from.
const FIRST: u16 = 20_000;
const LAST: u16 = 32_000;

static NEXT: AtomicU16 = AtomicU16::new(FIRST);

/// The address of this process.
pub fn address() -> IpAddr {
    let [_, high, middle, low] = std::process::id().to_be_bytes();
    // 127.0.x.y is left to others; process ids have at most 22 bits.
    IpAddr::V4(Ipv4Addr::new(127, 128 | high, middle, low))
}

/// A port that nothing listens on, and that is not given out twice.
///
/// # Panics
/// If a test process asks for thousands.
pub fn free() -> SocketAddr {
    loop {
        let port = NEXT.fetch_add(1, Ordering::Relaxed);
        assert!(port < LAST, "this process has used up its ports");
        let address = SocketAddr::new(address(), port);
        if TcpListener::bind(address).is_ok() {
            return address;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ports_differ_and_can_be_listened_on() {
        let (one, other) = (free(), free());
        assert_ne!(one, other);
        assert!(one.ip().is_loopback());
        let _taken = TcpListener::bind(one).expect("it is free");
        let _taken = TcpListener::bind(other).expect("it is free");
    }
}
