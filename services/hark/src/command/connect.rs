//! A connection to a Hark that runs, as flags describe it.

use anyhow::Context as _;
use hark_client::{Client, Options};
use hark_core::Language;

use crate::cli::Connection;
use crate::show::device::Names;

/// Connects.
///
/// # Errors
/// If the token can't be read, an address is none, or nothing answers.
pub async fn connect(connection: &Connection) -> anyhow::Result<Client> {
    let mut options = Options::new(&connection.server);
    if let Some(path) = &connection.token_file {
        let token = std::fs::read_to_string(path)
            .with_context(|| format!("cannot read the token in {}", path.display()))?;
        options.token = Some(token.parse()?);
    }
    Client::connect(&options).await.map_err(|error| {
        let hint = "start one with `hark up`, or name another with --server";
        match error {
            hark_client::Error::Connect { .. } => anyhow::anyhow!("{error}; {hint}"),
            error => error.into(),
        }
    })
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
