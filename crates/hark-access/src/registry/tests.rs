//! Tokens and revocations over a real store in memory.

use hark_core::credentials::{Certificate, Identity, Refused, Serial};
use hark_core::time::ManualClock;
use hark_store::MemoryStore;

use super::*;

struct World {
    registry: Registry,
    store: Arc<dyn Store>,
    clock: ManualClock,
}

const START: Timestamp = Timestamp::from_unix_ms(1_700_000_000_000);

fn home() -> HomeId {
    HomeId::parse("home").unwrap()
}

#[expect(clippy::disallowed_methods, reason = "tests end before their runtime")]
async fn world() -> World {
    let clock = ManualClock::starting_at(START);
    let store: Arc<dyn Store> = Arc::new(MemoryStore::open(Arc::new(clock.clone())).unwrap());
    let (registry, driver) = Registry::open(&home(), Arc::clone(&store), Arc::new(clock.clone()));
    tokio::spawn(driver);
    assert!(registry.ready().await);
    World {
        registry,
        store,
        clock,
    }
}

fn kitchen() -> New {
    New {
        kind: Kind::Speaker,
        name: PrincipalId::parse("kitchen").unwrap(),
        area: Some(AreaId::parse("kitchen").unwrap()),
        lifetime: None,
    }
}

fn certificate(not_before: Timestamp) -> Certificate {
    Certificate {
        identity: Identity::parse("spiffe://home/speaker/kitchen").unwrap(),
        serial: Serial::parse("abc").unwrap(),
        not_before,
        not_after: START.plus(Duration::from_secs(1_000_000)),
    }
}

impl World {
    fn check(&self, token: &Token) -> Result<Credential, Refused> {
        let book = self.registry.book().unwrap();
        book.token(&token.digest(), self.clock.wall()).cloned()
    }
}

#[tokio::test]
async fn a_token_counts_at_once_and_until_it_is_revoked() {
    let world = world().await;
    let (credential, token) = world.registry.add(kitchen()).await.unwrap();
    assert_eq!(world.check(&token), Ok(credential.clone()));
    let listed = world.registry.list(None).unwrap();
    assert_eq!(listed, std::slice::from_ref(&credential));
    assert_eq!(world.registry.list(Some(Kind::Person)).unwrap(), []);

    let count = world
        .registry
        .revoke_principal(Kind::Speaker, &credential.name);
    assert_eq!(count.await.unwrap(), 1);
    assert_eq!(world.check(&token), Err(Refused::Revoked));
    let again = world
        .registry
        .revoke_principal(Kind::Speaker, &credential.name);
    assert_eq!(again.await.unwrap(), 0);
    let (_, another) = world.registry.add(kitchen()).await.unwrap();
    assert!(world.check(&another).is_ok());
}

#[tokio::test]
async fn a_token_ends_with_its_lifetime() {
    let world = world().await;
    let new = New {
        lifetime: Some(Duration::from_secs(60)),
        ..kitchen()
    };
    let (_, token) = world.registry.add(new).await.unwrap();
    world.clock.advance(Duration::from_secs(59));
    assert!(world.check(&token).is_ok());
    world.clock.advance(Duration::from_secs(1));
    assert_eq!(world.check(&token), Err(Refused::Expired));
}

#[tokio::test]
async fn certificates_are_revoked_with_their_holder_or_by_number() {
    let world = world().await;
    let name = kitchen().name;
    let check = |certificate: &Certificate| {
        let book = world.registry.book().unwrap();
        book.certificate(certificate, world.clock.wall())
    };
    let old = certificate(START);
    assert_eq!(check(&old), Ok(()));
    let revoked = world.registry.revoke_principal(Kind::Speaker, &name);
    assert_eq!(revoked.await.unwrap(), 0);
    assert_eq!(check(&old), Err(Refused::Revoked));
    world.clock.advance(Duration::from_secs(2));
    let new = certificate(world.clock.wall());
    assert_eq!(check(&new), Ok(()));
    let serial = new.serial.clone();
    world.registry.revoke_certificate(serial).await.unwrap();
    assert_eq!(check(&new), Err(Refused::Revoked));
}

#[tokio::test]
async fn one_of_several_tokens_can_be_revoked() {
    let world = world().await;
    let (first, old) = world.registry.add(kitchen()).await.unwrap();
    let (_, new) = world.registry.add(kitchen()).await.unwrap();
    assert_eq!(
        world.registry.revoke_credential(&first.id).await.unwrap(),
        1
    );
    assert_eq!(world.check(&old), Err(Refused::Revoked));
    assert!(world.check(&new).is_ok());
    let unknown = CredentialId::parse("nobody").unwrap();
    let error = world
        .registry
        .revoke_credential(&unknown)
        .await
        .unwrap_err();
    assert!(matches!(error, Error::Unknown(_)), "{error}");
}

#[expect(
    clippy::disallowed_methods,
    reason = "the test ends before its runtime"
)]
#[tokio::test]
async fn another_node_hears_of_it() {
    let world = world().await;
    let clock = Arc::new(world.clock.clone());
    let (other, driver) = Registry::open(&home(), Arc::clone(&world.store), clock);
    tokio::spawn(driver);
    assert!(other.ready().await);
    let (credential, token) = world.registry.add(kitchen()).await.unwrap();
    let knows = |registry: &Registry| {
        let book = registry.book().unwrap();
        book.token(&token.digest(), START).is_ok()
    };
    let mut seen = Revision(0);
    while !knows(&other) {
        seen = other.0.view.changed(seen).await.unwrap().changed;
    }
    other.revoke_credential(&credential.id).await.unwrap();
    assert!(!knows(&other));
}

#[tokio::test]
async fn nobody_is_known_before_the_store_was_read() {
    let clock: Arc<dyn Clock> = Arc::new(ManualClock::starting_at(START));
    let store: Arc<dyn Store> = Arc::new(MemoryStore::open(Arc::clone(&clock)).unwrap());
    let (registry, _driver) = Registry::open(&home(), store, clock);
    assert!(registry.book().is_none());
    let error = registry.add(kitchen()).await.unwrap_err();
    assert!(matches!(error, Error::NotReady), "{error}");
}

#[tokio::test]
async fn tokens_are_bounded_and_old_ones_forgotten() {
    let world = world().await;
    for _ in 0..MAX_OF_ONE {
        world.registry.add(kitchen()).await.unwrap();
    }
    let error = world.registry.add(kitchen()).await.unwrap_err();
    assert!(matches!(error, Error::TooMany(_)), "{error}");
    let name = kitchen().name;
    let revoked = world.registry.revoke_principal(Kind::Speaker, &name).await;
    assert_eq!(revoked.unwrap(), MAX_OF_ONE);
    world.clock.advance(REMEMBERED);
    let person = New {
        kind: Kind::Person,
        ..kitchen()
    };
    world.registry.add(person).await.unwrap();
    assert_eq!(world.registry.list(None).unwrap().len(), 1);
    world.registry.add(kitchen()).await.unwrap();
}

#[tokio::test]
async fn a_value_that_can_not_be_read_hides_no_other() {
    let world = world().await;
    let (_, token) = world.registry.add(kitchen()).await.unwrap();
    let damaged = Op::Put {
        key: Key::new("/hark/v1/home/access/credential/zz"),
        value: vec![0xff],
        lease: None,
    };
    let txn = Txn {
        success: vec![damaged],
        ..Txn::default()
    };
    let written = world.store.txn(txn).await.unwrap();
    world.registry.0.view.reached(written.revision).await;
    assert!(world.check(&token).is_ok());
}

#[test]
fn nodes_and_nobody_get_no_tokens() {
    for kind in [Kind::Node, Kind::Anonymous] {
        assert!(matches!(Token::generate(kind), Err(Error::Kind)));
    }
}
