//! The least of an HTTP client: one GET, with a bound.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

const LIMIT: Duration = Duration::from_secs(2);
/// More than any page that is asked for here.
const MOST_BYTES: u64 = 8 << 20;

/// What `path` answers, headers included; `None` if it doesn't answer, or not with 200.
pub fn get(address: SocketAddr, path: &str) -> Option<String> {
    let mut stream = TcpStream::connect_timeout(&address, LIMIT).ok()?;
    stream.set_read_timeout(Some(LIMIT)).ok()?;
    stream.set_write_timeout(Some(LIMIT)).ok()?;
    let request = format!("GET {path} HTTP/1.0\r\nHost: {address}\r\n\r\n");
    stream.write_all(request.as_bytes()).ok()?;
    let mut text = String::new();
    stream.take(MOST_BYTES).read_to_string(&mut text).ok()?;
    let status = text.split_whitespace().nth(1)?;
    (status == "200").then_some(text)
}
