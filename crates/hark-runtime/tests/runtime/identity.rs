//! Who callers are over TLS: by certificate, by token, and when those count no more.

use std::sync::Arc;

use hark_core::access::{self, Verdict};
use hark_core::credentials::{Credential, MemoryCredentials, Revocation};
use hark_core::principal::Kind;
use hark_core::time::Timestamp;
use hark_core::{CredentialId, PrincipalId};
use hark_proto::v1::AttachRequest;
use hark_proto::v1::speakers_client::SpeakersClient;
use hark_runtime::auth::{self, Authenticator, digest};
use hark_runtime::channel::{Channel, Options};
use hark_runtime::config::Secret;
use hark_runtime::server::Config;
use tonic::{Code, Status};

use crate::access::call;
use crate::pki::{Pki, home, in_seconds, valid, validity};
use crate::support::{House, PATIENCE, config, tell};

const TOKEN: &str = "hark_spk_0123456789";

/// A house that asks everybody who they are, and what it knows them by.
struct Secured {
    house: House,
    pki: Pki,
    credentials: MemoryCredentials,
}

async fn secured() -> Secured {
    let pki = Pki::new();
    pki.issue("server", "spiffe://home/node/server", valid());
    let credentials = MemoryCredentials::default();
    credentials.change(|book| book.add(credential(None)));
    let settings = auth::Config {
        anonymous_loopback: false,
        ..auth::Config::default()
    };
    let auth = Authenticator::new(&settings, home()).unwrap();
    let auth = auth.with_credentials(Arc::new(credentials.clone()));
    let config = Config {
        tls: Some(pki.server("server")),
        ..config()
    };
    Secured {
        house: House::open_for(config, auth).await,
        pki,
        credentials,
    }
}

fn credential(expires_at: Option<Timestamp>) -> Credential {
    Credential {
        id: CredentialId::parse("c1").unwrap(),
        kind: Kind::Speaker,
        name: PrincipalId::parse("kitchen").unwrap(),
        area: None,
        digest: digest(TOKEN),
        created_at: in_seconds(-60),
        expires_at,
        revoked_at: None,
    }
}

impl Secured {
    fn channel(&self, certificate: Option<&str>, token: Option<&str>) -> Channel {
        self.house.channel_with(&Options {
            tls: Some(self.pki.client(certificate)),
            token: token.map(|t| Secret::parse(t).unwrap()),
            ..Options::default()
        })
    }

    /// A certificate of the house for somebody, and a channel that shows it.
    fn known_as(&self, kind: &str) -> Channel {
        let uri = format!("spiffe://home/{kind}/test");
        self.pki.issue(kind, &uri, valid());
        self.channel(Some(kind), None)
    }
}

#[track_caller]
fn check_refused(got: Result<String, Status>, says: &str) {
    let status = got.unwrap_err();
    assert_eq!(status.code(), Code::Unauthenticated, "{status:?}");
    assert!(status.message().contains(says), "{says}: {status:?}");
}

#[tokio::test]
async fn certificates_and_tokens_say_who_calls() {
    let secured = secured().await;
    for (channel, expect) in [
        (secured.known_as("node"), "node Certificate"),
        (secured.known_as("speaker"), "speaker Certificate"),
        (secured.known_as("person"), "person Certificate"),
        (secured.channel(None, Some(TOKEN)), "speaker Token"),
        // Who shows both is who the token says.
        (secured.channel(Some("node"), Some(TOKEN)), "speaker Token"),
    ] {
        assert_eq!(tell(channel, "who").await.unwrap(), expect);
    }
    secured.house.close().await.unwrap();
}

#[tokio::test]
async fn what_does_not_count_is_unauthenticated() {
    let secured = secured().await;
    let other = Pki::new();
    let kitchen = "spiffe://home/speaker/kitchen";
    other.issue("kitchen", kitchen, valid());
    let pki = &secured.pki;
    pki.issue("expired", kitchen, validity(-600, -5));
    pki.issue("early", kitchen, validity(600, 900));
    let revoked = pki.issue("revoked", kitchen, valid());
    let book = &secured.credentials;
    book.change(|b| b.revoke(Revocation::Serial(revoked.serial), in_seconds(0)));
    let foreign = secured.house.channel_with(&Options {
        tls: Some(
            secured
                .pki
                .client(None)
                .with_certificate(other.path("kitchen.crt"), other.path("kitchen.key")),
        ),
        ..Options::default()
    });
    for (channel, says) in [
        (secured.channel(None, None), "say who you are"),
        (secured.channel(None, Some("hark_spk_x")), "is not known"),
        // These three fail in the handshake, which checks issuer and time.
        (foreign, "refuses this client's certificate"),
        (secured.channel(Some("expired"), None), "it has expired"),
        (
            secured.channel(Some("early"), None),
            "refuses this client's",
        ),
        (secured.channel(Some("revoked"), None), "was revoked"),
    ] {
        check_refused(tell(channel, "who").await, says);
    }
    book.change(|book| book.add(credential(Some(in_seconds(-1)))));
    let expired = secured.channel(None, Some(TOKEN));
    check_refused(tell(expired, "who").await, "has expired");
    secured.house.close().await.unwrap();
}

#[tokio::test]
async fn a_certificate_of_another_home_is_nobodys_here() {
    let secured = secured().await;
    let (authority, _) =
        hark_tls::Authority::create(&hark_core::HomeId::parse("cabin").unwrap(), valid()).unwrap();
    // The owner of two homes may trust both authorities; they still are two homes.
    let both = [
        std::fs::read_to_string(secured.pki.path("ca.crt")).unwrap(),
        authority.cert_pem().to_owned(),
    ];
    std::fs::write(secured.pki.path("ca.crt"), both.concat()).unwrap();
    let identity = hark_core::credentials::Identity::parse("spiffe://cabin/person/anna").unwrap();
    let issued = authority
        .issue(&identity, &hark_tls::Names::default(), valid())
        .unwrap();
    std::fs::write(secured.pki.path("anna.crt"), issued.cert_pem).unwrap();
    std::fs::write(secured.pki.path("anna.key"), issued.key_pem).unwrap();
    let mut said = String::new();
    // Until the server has read its files again, its handshake refuses that authority.
    crate::pki::until(async || {
        let channel = secured.channel(Some("anna"), None);
        let status = tell(channel, "who").await.unwrap_err();
        assert_eq!(status.code(), Code::Unauthenticated, "{status:?}");
        status.message().clone_into(&mut said);
        said.contains("another home")
    })
    .await;
    assert!(said.contains("spiffe://cabin/person/anna"), "{said}");
    secured.house.close().await.unwrap();
}

#[tokio::test]
async fn every_method_answers_the_kinds_that_the_table_names() {
    let secured = secured().await;
    for (kind, name) in [
        (Kind::Node, "node"),
        (Kind::Speaker, "speaker"),
        (Kind::Person, "person"),
    ] {
        let channel = secured.known_as(name);
        for rule in access::TABLE {
            let code = call(channel.clone(), rule.path).await;
            let is_denied = code == Code::PermissionDenied;
            let expect = access::check(kind, rule.path) == Verdict::Denied;
            assert_eq!(is_denied, expect, "{name} {}: {code:?}", rule.path);
            assert_ne!(code, Code::Unauthenticated, "{name} {}", rule.path);
        }
    }
    for rule in access::TABLE {
        let code = call(secured.channel(None, None), rule.path).await;
        assert_eq!(code, Code::Unauthenticated, "{}", rule.path);
    }
    secured.house.close().await.unwrap();
}

#[tokio::test]
async fn a_revocation_counts_at_once_on_connections_that_are_open() {
    let secured = secured().await;
    let channel = secured.channel(None, Some(TOKEN));
    tell(channel.clone(), "who").await.unwrap();
    let requests = futures_util::stream::pending::<AttachRequest>();
    let mut client = SpeakersClient::new(channel.clone());
    let mut stream = client.attach(requests).await.unwrap().into_inner();
    stream.message().await.unwrap().expect("the first message");

    let name = PrincipalId::parse("kitchen").unwrap();
    let book = &secured.credentials;
    book.change(|book| book.revoke_tokens(Kind::Speaker, &name, in_seconds(0)));
    check_refused(tell(channel, "who").await, "was revoked");
    let end = tokio::time::timeout(PATIENCE, stream.message()).await;
    let status = end.unwrap().unwrap_err();
    assert_eq!(status.code(), Code::Unauthenticated, "{status:?}");
    secured.house.close().await.unwrap();
}

#[tokio::test]
async fn a_connection_does_not_outlive_its_certificate() {
    let secured = secured().await;
    let uri = "spiffe://home/speaker/brief";
    secured.pki.issue("brief", uri, validity(-60, 3));
    let channel = secured.channel(Some("brief"), None);
    tell(channel.clone(), "who").await.unwrap();
    crate::pki::until(async || tell(channel.clone(), "who").await.is_err()).await;
    let got = tell(channel, "who").await;
    check_refused(got, "has expired");
    secured.house.close().await.unwrap();
}
