//! Addresses of files: `http` and `https` and nothing else.

use std::fmt;
use std::net::IpAddr;

use crate::Error;

/// An `http` or `https` address.
#[derive(Clone, PartialEq, Eq)]
pub struct Address {
    /// Over TLS.
    pub secure: bool,
    /// `user:password`, as it was given.
    userinfo: Option<String>,
    /// The host's name or address; an IPv6 one without brackets.
    pub host: String,
    /// The port, that of the scheme if none was given.
    pub port: u16,
    /// Path and query; begins with a slash.
    pub target: String,
    /// What came after a `#`.
    pub fragment: Option<String>,
}

impl Address {
    /// Reads an address.
    ///
    /// # Errors
    /// [`Error::Address`] where it is none, or of another scheme.
    pub fn parse(text: &str) -> Result<Self, Error> {
        let wrong = |reason: &str| Error::Address {
            address: without_password(text),
            reason: reason.to_owned(),
        };
        let bad = |c: char| c.is_whitespace() || c.is_control();
        if text.contains(bad) {
            return Err(wrong("it has a space or a control character in it"));
        }
        let (scheme, rest) = text
            .split_once("://")
            .ok_or_else(|| wrong("it is not an http or https address"))?;
        let secure = match scheme.to_ascii_lowercase().as_str() {
            "https" => true,
            "http" => false,
            _ => return Err(wrong("it is not an http or https address")),
        };
        let (rest, fragment) = match rest.split_once('#') {
            Some((rest, fragment)) => (rest, Some(fragment.to_owned())),
            None => (rest, None),
        };
        let end = rest.find(['/', '?']).unwrap_or(rest.len());
        let (authority, target) = rest.split_at(end);
        let (userinfo, place) = match authority.rsplit_once('@') {
            Some((user, place)) => (Some(user.to_owned()), place),
            None => (None, authority),
        };
        let (host, port) = host_and_port(place).ok_or_else(|| wrong("its host or port is none"))?;
        let target = match target {
            t if t.starts_with('/') => t.to_owned(),
            t => format!("/{t}"),
        };
        Ok(Self {
            secure,
            userinfo,
            host: host.to_ascii_lowercase(),
            port: port.unwrap_or(if secure { 443 } else { 80 }),
            target,
            fragment,
        })
    }

    /// What a link on this page leads to.
    ///
    /// # Errors
    /// [`Error::Address`] where it leads to no address.
    pub fn join(&self, link: &str) -> Result<Self, Error> {
        let scheme = if self.secure { "https" } else { "http" };
        if let Some(colon) = link.find(':')
            && link[..colon].chars().all(|c| c.is_ascii_alphanumeric())
            && !link[..colon].is_empty()
        {
            return Self::parse(link);
        }
        if let Some(rest) = link.strip_prefix("//") {
            return Self::parse(&format!("{scheme}://{rest}"));
        }
        let path = self.target.split('?').next().unwrap_or("/");
        let target = if link.starts_with('/') {
            link.to_owned()
        } else if link.is_empty() || link.starts_with(['?', '#']) {
            format!("{path}{link}")
        } else {
            let folder = path.rfind('/').map_or("", |at| &path[..at]);
            format!("{folder}/{link}")
        };
        let joined = Self::parse(&format!("{scheme}://host{}", without_dots(&target)))?;
        Ok(Self {
            target: joined.target,
            fragment: joined.fragment,
            ..self.clone()
        })
    }

    /// With a slash at its end, as a folder has.
    pub fn folder(mut self) -> Self {
        if !self.target.ends_with('/') {
            self.target.push('/');
        }
        self
    }

    /// `user` and `password`, percent-decoded, if any were given.
    pub fn credentials(&self) -> Option<String> {
        let decoded = percent_decoded(self.userinfo.as_deref()?);
        Some(match decoded.contains(':') {
            true => decoded,
            false => format!("{decoded}:"),
        })
    }

    /// Whether it is this machine.
    pub fn is_loopback(&self) -> bool {
        let ip: Option<IpAddr> = self.host.parse().ok();
        self.host == "localhost" || ip.is_some_and(|ip| ip.is_loopback())
    }

    /// Whether two are of the same server.
    pub fn same_server(&self, other: &Self) -> bool {
        (self.secure, &self.host, self.port) == (other.secure, &other.host, other.port)
    }

    /// What a server is told that it is asked as.
    pub fn authority(&self) -> String {
        let host = match self.host.contains(':') {
            true => format!("[{}]", self.host),
            false => self.host.clone(),
        };
        let usual = if self.secure { 443 } else { 80 };
        match self.port == usual {
            true => host,
            false => format!("{host}:{}", self.port),
        }
    }

    /// The last part of its path, percent-decoded.
    pub fn file_name(&self) -> String {
        let path = self.target.split('?').next().unwrap_or_default();
        percent_decoded(path.rsplit('/').next().unwrap_or_default())
    }
}

/// Without a password, and without what follows a `#`.
impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scheme = if self.secure { "https" } else { "http" };
        write!(f, "{scheme}://{}{}", self.authority(), self.target)
    }
}

impl fmt::Debug for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

fn without_password(text: &str) -> String {
    match (text.find("://"), text.find('@')) {
        (Some(scheme), Some(at)) if scheme < at => {
            format!("{}{}", &text[..scheme + 3], &text[at + 1..])
        }
        _ => text.to_owned(),
    }
}

fn host_and_port(place: &str) -> Option<(&str, Option<u16>)> {
    let (host, port) = match place.strip_prefix('[') {
        Some(rest) => {
            let (host, port) = rest.split_once(']')?;
            host.parse::<std::net::Ipv6Addr>().ok()?;
            (host, port.strip_prefix(':'))
        }
        None => match place.split_once(':') {
            Some((host, port)) => (host, Some(port)),
            None => (place, None),
        },
    };
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_' | ':');
    if host.is_empty() || !host.chars().all(plain) {
        return None;
    }
    match port.filter(|p| !p.is_empty()) {
        Some(port) => Some((host, Some(port.parse().ok().filter(|p| *p != 0)?))),
        None => Some((host, None)),
    }
}

/// A path without `.` and `..`, which never lead out of the root (RFC 3986, 5.2.4).
fn without_dots(target: &str) -> String {
    let end = target.find(['?', '#']).unwrap_or(target.len());
    let (path, rest) = target.split_at(end);
    let mut parts: Vec<&str> = Vec::new();
    for part in path.split('/').skip(1) {
        match part {
            "." => {}
            ".." => drop(parts.pop()),
            part => parts.push(part),
        }
    }
    if path.ends_with("/.") || path.ends_with("/..") {
        parts.push("");
    }
    format!("/{}{rest}", parts.join("/"))
}

fn percent_decoded(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut decoded = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        let hex = bytes.get(at + 1..at + 3).filter(|_| bytes[at] == b'%');
        let byte = hex
            .and_then(|h| std::str::from_utf8(h).ok())
            .and_then(|h| u8::from_str_radix(h, 16).ok());
        decoded.push(byte.unwrap_or(bytes[at]));
        at += if byte.is_some() { 3 } else { 1 };
    }
    String::from_utf8_lossy(&decoded).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn addresses_are_taken_apart() {
        let check = |text: &str, expect: &str, host: &str, port| {
            let address = Address::parse(text).unwrap();
            assert_eq!(address.to_string(), expect, "{text}");
            assert_eq!(
                (address.host.as_str(), address.port),
                (host, port),
                "{text}"
            );
        };
        check(
            "https://pypi.org/simple",
            "https://pypi.org/simple",
            "pypi.org",
            443,
        );
        check(
            "HTTP://Host:8080?q=1",
            "http://host:8080/?q=1",
            "host",
            8080,
        );
        check("http://[::1]:99/a", "http://[::1]:99/a", "::1", 99);
        check("https://u:p%40@h/a#b", "https://h/a", "h", 443);
        let address = Address::parse("https://u:p%40@h/a/b%20c.whl?x#sha256=1").unwrap();
        assert_eq!(address.credentials().unwrap(), "u:p@");
        assert_eq!(address.fragment.as_deref(), Some("sha256=1"));
        assert_eq!(address.file_name(), "b c.whl");
    }

    #[test]
    fn what_is_no_address_is_refused_and_no_password_is_told() {
        for text in [
            "",
            "pypi.org",
            "file:///etc/passwd",
            "ftp://h/",
            "http://",
            "http://h:0/",
            "http://h:99999/",
            "http://a b/",
            "http://h\n/",
            "https://u:secret@/x",
            "http://[::1/",
            "http://ex\u{e4}mple/",
        ] {
            let error = Address::parse(text).unwrap_err().to_string();
            assert!(!error.contains("secret"), "{error}");
        }
    }

    #[test]
    fn links_lead_on_from_their_page() {
        let page = Address::parse("https://u:p@h:1/simple/a/?x=1").unwrap();
        for (link, expect) in [
            ("b.whl", "https://h:1/simple/a/b.whl"),
            (
                "../../packages/b.whl#sha256=1",
                "https://h:1/packages/b.whl",
            ),
            ("../../../../b", "https://h:1/b"),
            ("/b", "https://h:1/b"),
            ("//other/b", "https://other/b"),
            ("http://other/b", "http://other/b"),
            ("?y", "https://h:1/simple/a/?y"),
            ("", "https://h:1/simple/a/"),
            (".", "https://h:1/simple/a/"),
        ] {
            assert_eq!(page.join(link).unwrap().to_string(), expect, "{link}");
        }
        assert!(page.join("file:///etc/passwd").is_err());
        assert!(page.join("javascript:alert(1)").is_err());
        // Who is asked changes, so nobody else gets the password.
        assert!(page.join("//other/b").unwrap().credentials().is_none());
        assert!(page.join("b").unwrap().credentials().is_some());
    }

    #[test]
    fn this_machine_is_known() {
        for (text, expect) in [
            ("http://127.0.0.1:1/", true),
            ("http://127.9.9.9/", true),
            ("http://[::1]/", true),
            ("http://localhost/", true),
            ("http://localhost.example/", false),
            ("http://127.0.0.1.example/", false),
            ("http://10.0.0.1/", false),
        ] {
            assert_eq!(
                Address::parse(text).unwrap().is_loopback(),
                expect,
                "{text}"
            );
        }
    }

    proptest! {
        #[test]
        fn any_text_is_an_address_or_an_error(base in ".{0,40}", link in ".{0,40}") {
            let _ = Address::parse(&base);
            let page = Address::parse("http://h/a/b?c").unwrap();
            if let Ok(joined) = page.join(&link) {
                prop_assert!(joined.target.starts_with('/'));
                prop_assert!(!joined.target.split('?').next().unwrap().contains("/../"));
            }
        }
    }
}
