//! A connection to a Hark that runs, as flags describe it.

use std::net::IpAddr;

use anyhow::Context as _;
use hark_client::{Client, ErrorCode, Options, Tls, Token};
use hark_core::Language;

use crate::cli::Connection;
use crate::show::device::Names;
use crate::up;

/// Connects.
///
/// # Errors
/// If the token or a certificate can't be used, an address is none, or nothing answers.
pub async fn connect(connection: &Connection) -> anyhow::Result<Client> {
    let mut options = Options::new(&connection.server);
    options.tls = tls(connection)?;
    if let Some(path) = &connection.token_file {
        let token = std::fs::read_to_string(path)
            .with_context(|| format!("cannot read the token in {}", path.display()))?;
        options.token = Some(token.parse()?);
    } else if let Some(token) = owner(connection) {
        let as_owner = Options {
            token: Some(token),
            ..options.clone()
        };
        if let Some(client) = try_as_owner(&as_owner).await {
            return Ok(client);
        }
    }
    Client::connect(&options).await.map_err(|error| {
        let hint = "start one with `hark up`, or name another with --server";
        match error {
            hark_client::Error::Connect { .. } => anyhow::anyhow!("{error}; {hint}"),
            error => error.into(),
        }
    })
}

fn tls(connection: &Connection) -> anyhow::Result<Option<Tls>> {
    let Some(ca) = &connection.ca_file else {
        anyhow::ensure!(
            connection.cert_file.is_none() && connection.key_file.is_none(),
            "--cert-file and --key-file need --ca-file, the certificate of the house's authority"
        );
        return Ok(None);
    };
    Ok(Some(Tls {
        cert_file: connection.cert_file.clone(),
        key_file: connection.key_file.clone(),
        ..Tls::new(ca)
    }))
}

/// The token of this machine's owner: for a Hark on this machine, where nothing else says
/// who is calling, and only for whoever may read it.
fn owner(connection: &Connection) -> Option<Token> {
    if connection.cert_file.is_some() || !connection.server.iter().all(|a| is_here(a)) {
        return None;
    }
    let data_dir = up::Config::default().data_dir().ok()?;
    let text = std::fs::read_to_string(up::owner_token(&data_dir)).ok()?;
    text.parse().ok()
}

/// The Hark that answers may have other data than the usual: then that token is nobody's,
/// and who calls is anonymous.
async fn try_as_owner(options: &Options) -> Option<Client> {
    let client = Client::connect(options).await.ok()?;
    match client.status().await {
        Err(error) if error.code() == Some(ErrorCode::Unauthenticated) => None,
        _ => Some(client),
    }
}

fn is_here(address: &str) -> bool {
    let (_, rest) = address.split_once("://").unwrap_or(("", address));
    let host = rest.rsplit_once(':').map_or(rest, |(host, _)| host);
    let host = host.trim_start_matches('[').trim_end_matches(']');
    host == "localhost" || host.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback())
}

/// Names in the home's first language.
///
/// # Errors
/// If the home can't be asked.
pub async fn names(client: &Client) -> anyhow::Result<Names> {
    let status = client.status().await?;
    let language = status.languages.into_iter().next();
    let areas = client.areas().await?;
    Ok(Names::new(
        language.unwrap_or_else(Language::english),
        areas,
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_owners_token_stays_on_this_machine() {
        for (address, here) in [
            ("127.0.0.1:7700", true),
            ("https://localhost:7700", true),
            ("[::1]:7700", true),
            ("hark.local:7700", false),
            ("127.0.0.1.example:7700", false),
            ("192.168.1.2:7700", false),
        ] {
            assert_eq!(is_here(address), here, "{address}");
        }
    }
}
