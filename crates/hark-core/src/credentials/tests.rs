//! When credentials and certificates count, and which names are names.

use proptest::prelude::*;

use super::*;
use crate::ids::HomeId;

fn at(unix_ms: i64) -> Timestamp {
    Timestamp::from_unix_ms(unix_ms)
}

fn credential(expires_at: Option<i64>, revoked_at: Option<i64>) -> Credential {
    Credential {
        id: CredentialId::parse("c1").unwrap(),
        kind: Kind::Speaker,
        name: PrincipalId::parse("kitchen").unwrap(),
        area: None,
        digest: Digest([7; 32]),
        created_at: at(0),
        expires_at: expires_at.map(at),
        revoked_at: revoked_at.map(at),
    }
}

fn certificate(kind: Kind, from: i64, until: i64) -> Certificate {
    Certificate {
        identity: Identity {
            home: HomeId::parse("home").unwrap(),
            kind,
            name: PrincipalId::parse("kitchen").unwrap(),
        },
        serial: Serial::parse("0A:bc").unwrap(),
        not_before: at(from),
        not_after: at(until),
    }
}

#[test]
fn a_token_counts_until_it_expires_or_is_revoked() {
    for (expires, revoked, now, expect) in [
        (None, None, 1_000, Ok(())),
        (Some(10), None, 9, Ok(())),
        (Some(10), None, 10, Err(Refused::Expired)),
        (None, Some(5), 1, Err(Refused::Revoked)),
        (Some(10), Some(5), 20, Err(Refused::Revoked)),
    ] {
        let mut book = Book::default();
        book.add(credential(expires, revoked));
        let got = book.token(&Digest([7; 32]), at(now)).map(|_| ());
        assert_eq!(got, expect, "{expires:?} {revoked:?} {now}");
        let other = book.token(&Digest([8; 32]), at(now));
        assert_eq!(other.unwrap_err(), Refused::Unknown);
    }
}

#[test]
fn a_certificate_counts_within_its_time_unless_it_was_revoked() {
    let serial = || Revocation::Serial(Serial::parse("abc").unwrap());
    let principal = |kind| Revocation::Principal(kind, PrincipalId::parse("kitchen").unwrap());
    for (revoked, now, expect) in [
        (None, 150, Ok(())),
        (None, 99, Err(Refused::NotYetValid)),
        (None, 201, Err(Refused::Expired)),
        (Some((serial(), 1)), 150, Err(Refused::Revoked)),
        (
            Some((principal(Kind::Speaker), 100)),
            150,
            Err(Refused::Revoked),
        ),
        // Issued after that: somebody was let in again.
        (Some((principal(Kind::Speaker), 99)), 150, Ok(())),
        (Some((principal(Kind::Person), 199)), 150, Ok(())),
    ] {
        let mut book = Book::default();
        if let Some((what, when)) = revoked.clone() {
            book.revoke(what, at(when));
        }
        let certificate = certificate(Kind::Speaker, 100, 200);
        let got = book.certificate(&certificate, at(now));
        assert_eq!(got, expect, "{revoked:?} {now}");
    }
}

#[test]
fn a_later_revocation_of_a_principal_is_not_forgotten_for_an_earlier_one() {
    let mut book = Book::default();
    let what = Revocation::Principal(Kind::Speaker, PrincipalId::parse("kitchen").unwrap());
    book.revoke(what.clone(), at(120));
    book.revoke(what.clone(), at(50));
    let certificate = certificate(Kind::Speaker, 100, 200);
    let got = book.certificate(&certificate, at(150));
    assert_eq!(got, Err(Refused::Revoked));
    assert_eq!(book.revocations().collect::<Vec<_>>(), [(what, at(120))]);
}

#[test]
fn all_tokens_of_a_principal_are_revoked_at_once() {
    let memory = MemoryCredentials::default();
    memory.change(|book| book.add(credential(None, None)));
    let name = PrincipalId::parse("kitchen").unwrap();
    memory.change(|book| book.revoke_tokens(Kind::Person, &name, at(3)));
    let digest = Digest([7; 32]);
    assert!(memory.book().unwrap().token(&digest, at(4)).is_ok());
    memory.change(|book| book.revoke_tokens(Kind::Speaker, &name, at(3)));
    let book = memory.book().unwrap();
    assert_eq!(book.token(&digest, at(4)).unwrap_err(), Refused::Revoked);
}

#[test]
fn names_are_read_whole_or_not_at_all() {
    for (uri, ok) in [
        ("spiffe://home/speaker/kitchen", true),
        ("spiffe://home/node/node-1.local", true),
        ("spiffe://home/person/anna", true),
        ("spiffe://home/anonymous/x", false),
        ("spiffe://home/Speaker/kitchen", false),
        ("spiffe://home/speaker/", false),
        ("spiffe://home/speaker/kitchen/", false),
        ("spiffe://home/speaker/kitchen/more", false),
        ("spiffe://home/speaker/kit chen", false),
        ("spiffe://home/speaker/küche", false),
        ("spiffe://home/speaker/a%2Fb", false),
        ("spiffe://home/speaker/kitchen?x", false),
        ("spiffe://home/speaker/kitchen#x", false),
        ("spiffe:///speaker/kitchen", false),
        ("spiffe://home", false),
        ("SPIFFE://home/speaker/kitchen", false),
        ("https://home/speaker/kitchen", false),
        ("", false),
    ] {
        assert_eq!(Identity::parse(uri).is_ok(), ok, "{uri}");
    }
}

#[test]
fn serial_numbers_are_the_same_however_they_are_written() {
    let expect = Serial::from_bytes(&[0x00, 0x0a, 0xbc]);
    for text in ["abc", "0ABC", "0a:bc", "00:0A:BC"] {
        assert_eq!(Serial::parse(text), Ok(expect.clone()), "{text}");
    }
    assert_eq!(Serial::from_bytes(&[0, 0]).as_str(), "0");
    for text in ["", ":", "xyz", "a b", &"a".repeat(43)] {
        assert!(Serial::parse(text).is_err(), "{text}");
    }
}

#[test]
fn digests_are_compared_whole_and_not_shown() {
    let mut other = [7; 32];
    other[31] = 6;
    assert_eq!(Digest([7; 32]), Digest([7; 32]));
    assert_ne!(Digest([7; 32]), Digest(other));
    assert_eq!(format!("{:?}", Digest([7; 32])), "Digest(..)");
}

proptest! {
    /// Whatever is accepted is written the same again, so no two texts are one name.
    #[test]
    fn a_name_that_is_accepted_is_its_own_text(uri in "(spiffe://)?[a-zA-Z0-9:/%._ -]{0,40}") {
        if let Ok(identity) = Identity::parse(&uri) {
            prop_assert_eq!(identity.to_string(), uri);
        }
    }

    #[test]
    fn any_text_is_read_without_a_panic(uri in ".{0,300}") {
        if let Err(error) = Identity::parse(&uri) {
            prop_assert!(error.uri.chars().count() <= 200);
        }
    }

    #[test]
    fn names_round_trip(home in "[a-zA-Z0-9._:-]{1,128}", kind in 1..4_usize,
                        name in "[a-zA-Z0-9._:-]{1,128}") {
        let identity = Identity {
            home: HomeId::parse(&home).unwrap(),
            kind: Kind::ALL[kind],
            name: PrincipalId::parse(&name).unwrap(),
        };
        prop_assert_eq!(Identity::parse(&identity.to_string()), Ok(identity));
    }
}
