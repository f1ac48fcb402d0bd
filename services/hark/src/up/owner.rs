//! The owner's token: made at the first start, in a file that only the owner of the data
//! may read, so that somebody can let others in.

use std::path::{Path, PathBuf};

use anyhow::Context as _;
use hark_access::{New, Registry, Token};
use hark_core::PrincipalId;
use hark_core::credentials::Credentials as _;
use hark_core::principal::Kind;
use hark_core::time::Clock;

use crate::command::secret;

/// The file's name, in the data folder.
const FILE: &str = "owner.token";
/// What the owner is called among people.
const NAME: &str = "owner";

/// Where the owner's token is.
pub fn path(data_dir: &Path) -> PathBuf {
    data_dir.join(FILE)
}

/// Makes a token for the owner, unless there is one that counts.
///
/// # Errors
/// If it can't be made or kept.
pub async fn ensure(registry: &Registry, clock: &dyn Clock, data_dir: &Path) -> anyhow::Result<()> {
    let path = path(data_dir);
    if let Ok(text) = std::fs::read_to_string(&path) {
        let digest = Token::of(&text).digest();
        let book = registry.book().context("the store was not read")?;
        if book.token(&digest, clock.wall()).is_ok() {
            return Ok(());
        }
    }
    std::fs::create_dir_all(data_dir)
        .with_context(|| format!("cannot create {}", data_dir.display()))?;
    let new = New {
        kind: Kind::Person,
        name: PrincipalId::parse(NAME).expect("a word is an id"),
        area: None,
        lifetime: None,
    };
    let (_, token) = registry.add(new).await?;
    secret::replace(&path, token.expose())?;
    tracing::info!(file = %path.display(), "the owner has a token");
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use hark_core::HomeId;
    use hark_runtime::clock::SystemClock;
    use hark_store::MemoryStore;

    use super::*;

    #[expect(
        clippy::disallowed_methods,
        reason = "the test ends before its runtime"
    )]
    #[tokio::test]
    async fn the_owner_has_one_token_that_counts() {
        let dir = tempfile::tempdir().unwrap();
        let clock = Arc::new(SystemClock::new());
        let store = Arc::new(MemoryStore::open(clock.clone()).unwrap());
        let home = HomeId::parse("home").unwrap();
        let (registry, driver) = Registry::open(&home, store, clock.clone());
        tokio::spawn(driver);
        assert!(registry.ready().await);
        let read = || std::fs::read_to_string(path(dir.path())).unwrap();
        let ensure = async || ensure(&registry, &*clock, dir.path()).await.unwrap();
        ensure().await;
        let first = read();
        ensure().await;
        assert_eq!(read(), first);

        let name = PrincipalId::parse(NAME).unwrap();
        registry
            .revoke_principal(Kind::Person, &name)
            .await
            .unwrap();
        ensure().await;
        assert_ne!(read(), first);
        let book = registry.book().unwrap();
        let digest = Token::of(&read()).digest();
        assert!(book.token(&digest, clock.wall()).is_ok());
    }
}
