//! Users and what they may do.

use etcd_client::{Client, ConnectOptions, Error, Permission, PermissionType};

use super::Etcd;

/// A user and what it may do.
#[derive(Debug, Clone)]
pub struct User {
    /// Its name.
    pub name: String,
    /// Its password.
    pub password: String,
    /// The keys that it may read, by their prefix.
    pub prefix: String,
    /// Whether it may write them, too.
    pub writes: bool,
}

impl Etcd {
    /// Adds users and a `root` with the password `root`, and switches authentication on.
    /// For an etcd without TLS.
    ///
    /// # Errors
    /// What etcd refused.
    pub async fn enable_auth(&self, users: &[User]) -> Result<(), crate::Error> {
        let mut client = Client::connect(self.endpoints(), Some(ConnectOptions::new())).await?;
        for user in users {
            add(&mut client, user).await?;
        }
        client.role_add("root").await?;
        client.user_add("root", "root", None).await?;
        client.user_grant_role("root", "root").await?;
        client.auth_enable().await?;
        Ok(())
    }
}

async fn add(client: &mut Client, user: &User) -> Result<(), Error> {
    let what = if user.writes {
        PermissionType::Readwrite
    } else {
        PermissionType::Read
    };
    let role = format!("{}-role", user.name);
    client.role_add(role.as_str()).await?;
    let permission = Permission::new(what, user.prefix.as_str()).with_prefix();
    client
        .role_grant_permission(role.as_str(), permission)
        .await?;
    client
        .user_add(user.name.as_str(), user.password.as_str(), None)
        .await?;
    client
        .user_grant_role(user.name.as_str(), role.as_str())
        .await?;
    Ok(())
}
