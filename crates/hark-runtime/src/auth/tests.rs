//! Who callers are, and which addresses a server may have.

use std::time::Duration;

use hark_core::credentials::{Book, Credential, Identity, MemoryCredentials, Revocation, Serial};
use hark_core::time::{ManualClock, Timestamp};
use hark_core::{AreaId, CredentialId, PrincipalId};

use super::*;

const NOW: Timestamp = Timestamp::from_unix_ms(1_000_000);

fn authenticator(person: Option<&str>, node: Option<&str>, insecure: bool) -> Authenticator {
    let secret = |t: Option<&str>| t.map(|t| Secret::parse(t).unwrap());
    Authenticator(Arc::new(Known {
        home: HomeId::parse("home").unwrap(),
        person: secret(person),
        node: secret(node),
        anonymous_loopback: true,
        insecure,
        credentials: None,
        clock: Arc::new(ManualClock::starting_at(NOW)),
    }))
}

fn tcp(address: &str) -> Peer {
    Peer::Tcp(address.parse().unwrap())
}

fn tls(address: &str, presented: Presented) -> Peer {
    Peer::Tls(address.parse().unwrap(), PeerCertificate::of(presented))
}

fn certificate(uri: &str) -> Certificate {
    Certificate {
        identity: Identity::parse(uri).unwrap(),
        serial: Serial::parse("ab").unwrap(),
        not_before: Timestamp::from_unix_ms(0),
        not_after: NOW.plus(Duration::from_secs(60)),
    }
}

fn with_token(token: &str) -> HeaderMap {
    let mut headers = HeaderMap::new();
    headers.insert("authorization", token.parse().unwrap());
    headers
}

fn credential(token: &str) -> Credential {
    Credential {
        id: CredentialId::parse("c1").unwrap(),
        kind: Kind::Speaker,
        name: PrincipalId::parse("kitchen").unwrap(),
        area: Some(AreaId::parse("kitchen").unwrap()),
        digest: digest(token),
        created_at: Timestamp::from_unix_ms(0),
        expires_at: Some(NOW.plus(Duration::from_secs(60))),
        revoked_at: None,
    }
}

#[test]
fn callers_are_who_their_connection_and_token_say() {
    let home = authenticator(Some("p"), Some("n"), false);
    let open = authenticator(None, None, true);
    let (local, far) = (tcp("127.0.0.1:9"), tcp("192.168.1.9:9"));
    let safe = tls("192.168.1.9:9", Presented::Nothing);
    let mapped = tcp("[::ffff:127.0.0.1]:9");
    let unknown = || Err(Refusal::Token(Refused::Unknown));
    use Authentication::{InProcess, Insecure, Loopback, Token};
    for (auth, peer, header, expect) in [
        (&home, &Peer::Memory, None, Ok((Kind::Node, InProcess))),
        (&home, &local, None, Ok((Kind::Anonymous, Loopback))),
        (&home, &mapped, None, Ok((Kind::Anonymous, Loopback))),
        (&home, &far, None, Err(Refusal::Nothing)),
        (&home, &safe, None, Err(Refusal::Nothing)),
        (&home, &far, Some("Bearer p"), Ok((Kind::Person, Token))),
        (&home, &far, Some("bearer p"), Ok((Kind::Person, Token))),
        (&home, &far, Some("Bearer n"), Err(Refusal::Clear)),
        (&home, &safe, Some("Bearer n"), Ok((Kind::Node, Token))),
        (&home, &local, Some("Bearer n"), Ok((Kind::Node, Token))),
        (&home, &local, Some("Bearer x"), unknown()),
        (&home, &local, Some("Bearer "), Err(Refusal::Malformed)),
        (&home, &far, Some("Basic p"), Err(Refusal::Malformed)),
        (&home, &far, Some("p"), Err(Refusal::Malformed)),
        (&open, &far, None, Ok((Kind::Anonymous, Insecure))),
        (&open, &far, Some("Bearer x"), unknown()),
    ] {
        let headers = header.map(with_token).unwrap_or_default();
        let got = auth.identify(peer, &headers).map(|c| c.principal);
        let got = got.map(|p| (p.kind, p.authentication));
        assert_eq!(got, expect, "{peer:?} {header:?}");
    }
}

#[test]
fn a_certificate_says_who_a_caller_is() {
    let home = authenticator(None, None, false);
    let kitchen = certificate("spiffe://home/speaker/kitchen");
    let expired = Certificate {
        not_after: Timestamp::from_unix_ms(1),
        ..kitchen.clone()
    };
    let elsewhere = certificate("spiffe://cabin/speaker/kitchen");
    let identity = elsewhere.identity.clone();
    for (presented, expect) in [
        (Presented::Named(Box::new(kitchen)), Ok("speaker:kitchen")),
        (
            Presented::Named(Box::new(certificate("spiffe://home/node/n1"))),
            Ok("node:n1"),
        ),
        (
            Presented::Named(Box::new(expired)),
            Err(Refusal::Certificate(Refused::Expired)),
        ),
        (
            Presented::Named(Box::new(elsewhere)),
            Err(Refusal::Elsewhere(identity)),
        ),
        (
            Presented::Nameless("no URI".to_owned()),
            Err(Refusal::Nameless("no URI".to_owned())),
        ),
    ] {
        // Also on loopback: who shows a certificate wants to be somebody.
        for address in ["127.0.0.1:9", "10.0.0.9:9"] {
            let peer = tls(address, presented.clone());
            let got = home.identify(&peer, &HeaderMap::new());
            let got = got.map(|c| c.principal.key());
            assert_eq!(got, expect.clone().map(str::to_owned), "{presented:?}");
        }
    }
}

#[test]
fn tokens_of_the_store_count_until_they_do_not() {
    let memory = MemoryCredentials::default();
    memory.change(|book| book.add(credential("hark_spk_1")));
    let clock = ManualClock::starting_at(NOW);
    let home = authenticator(None, None, false)
        .with_credentials(Arc::new(memory.clone()))
        .with_clock(Arc::new(clock.clone()));
    let (peer, headers) = (tcp("10.0.0.9:9"), with_token("Bearer hark_spk_1"));
    let caller = home.identify(&peer, &headers).unwrap();
    assert_eq!(caller.principal.key(), "speaker:kitchen");
    assert_eq!(caller.principal.area.unwrap().as_str(), "kitchen");
    assert!(home.check(&caller.standing).is_ok());

    clock.advance(Duration::from_secs(60));
    let expired = Refusal::Token(Refused::Expired);
    assert_eq!(home.check(&caller.standing), Err(expired.clone()));
    assert_eq!(home.identify(&peer, &headers).unwrap_err(), expired);

    let name = PrincipalId::parse("kitchen").unwrap();
    memory.change(|book| book.revoke_tokens(Kind::Speaker, &name, NOW));
    let revoked = Refusal::Token(Refused::Revoked);
    assert_eq!(home.check(&caller.standing), Err(revoked.clone()));
    assert_eq!(home.identify(&peer, &headers).unwrap_err(), revoked);
}

#[test]
fn a_certificate_that_was_revoked_counts_no_more() {
    let memory = MemoryCredentials::default();
    let home = authenticator(None, None, false).with_credentials(Arc::new(memory.clone()));
    let kitchen = certificate("spiffe://home/speaker/kitchen");
    let peer = tls("10.0.0.9:9", Presented::Named(Box::new(kitchen.clone())));
    let caller = home.identify(&peer, &HeaderMap::new()).unwrap();
    assert!(caller.standing.may_end());
    memory.change(|book| book.revoke(Revocation::Serial(kitchen.serial), NOW));
    let revoked = Refusal::Certificate(Refused::Revoked);
    assert_eq!(home.check(&caller.standing), Err(revoked.clone()));
    assert_eq!(
        home.identify(&peer, &HeaderMap::new()).unwrap_err(),
        revoked
    );
}

/// A store that was not read yet.
#[derive(Debug)]
struct Unread;

impl Credentials for Unread {
    fn book(&self) -> Option<Arc<Book>> {
        None
    }
}

#[test]
fn before_the_store_was_read_nobody_is_judged() {
    let home = authenticator(Some("p"), None, false).with_credentials(Arc::new(Unread));
    let far = tcp("10.0.0.9:9");
    let refused = |header| home.identify(&far, &with_token(header)).unwrap_err();
    assert_eq!(refused("Bearer hark_spk_1"), Refusal::NotReady);
    assert!(home.identify(&far, &with_token("Bearer p")).is_ok());
    let status = tonic::Status::from(Refusal::NotReady);
    assert_eq!(status.code(), tonic::Code::Unavailable);
}

#[test]
fn loopback_can_be_asked_who_it_is() {
    let known = Known {
        anonymous_loopback: false,
        ..(*authenticator(None, None, false).0).clone()
    };
    let home = Authenticator(Arc::new(known));
    let got = home.identify(&tcp("127.0.0.1:9"), &HeaderMap::new());
    assert_eq!(got.unwrap_err(), Refusal::Nothing);
}

#[test]
fn others_are_not_let_near_a_server_without_tls_and_authentication() {
    let plain = hark_tls::ServerConfig::new("c", "k", None);
    let mutual = hark_tls::ServerConfig::new("c", "k", Some("ca".into()));
    for (person, insecure, tls, address, expect) in [
        (None, false, None, "127.0.0.1:1", Ok(false)),
        (None, false, None, "[::1]:1", Ok(false)),
        (None, false, None, "0.0.0.0:1", Err("server.tls")),
        (None, false, None, "[::]:1", Err("hark certs init")),
        (None, false, None, "192.168.1.2:1", Err("auth.insecure")),
        (Some("p"), false, None, "0.0.0.0:1", Err("server.tls")),
        (
            None,
            false,
            Some(&plain),
            "0.0.0.0:1",
            Err("client_ca_file"),
        ),
        (Some("p"), false, Some(&plain), "0.0.0.0:1", Ok(false)),
        (None, false, Some(&mutual), "0.0.0.0:1", Ok(false)),
        (None, true, None, "0.0.0.0:1", Ok(true)),
        (None, true, Some(&mutual), "0.0.0.0:1", Ok(true)),
    ] {
        let auth = authenticator(person, None, insecure);
        let got = auth.check_bind(address.parse().unwrap(), tls);
        match (got, expect) {
            (Ok(warning), Ok(warned)) => assert_eq!(warning.is_some(), warned, "{address}"),
            (Err(error), Err(part)) => {
                let text = error.to_string();
                assert!(text.contains(address) && text.contains(part), "{text}");
            }
            (got, _) => panic!("{address} {person:?} {insecure}: {got:?}"),
        }
    }
}
