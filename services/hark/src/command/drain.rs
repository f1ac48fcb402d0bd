//! `hark drain`: takes a node out of service.

use std::time::Duration;

use hark_client::Client;
use tokio::time::Instant;

use super::connect::connect;
use crate::cli;
use crate::exit::Verdict;
use crate::show;

/// How long a node may take to finish what it has.
const PATIENCE: Duration = Duration::from_secs(60);
/// How often it is looked whether it has.
const LOOK: Duration = Duration::from_millis(250);

/// Asks the node to drain, and waits until it is gone.
///
/// # Errors
/// If Hark can't be asked, there is no such node, or it does not end in time.
pub async fn run(args: &cli::Drain) -> anyhow::Result<Verdict> {
    let client = connect(&args.connection).await?;
    let nodes = client.nodes().await?.nodes;
    let is_asked = nodes.iter().any(|n| n.is_self && n.id == args.node);
    client.drain_node(&args.node).await?;
    if args.no_wait {
        show::lines(&format!("{} drains", args.node))?;
        return Ok(Verdict::Done);
    }
    show::remark(&format!("{} drains: it finishes what it has", args.node));
    gone(&client, &args.node, is_asked).await?;
    show::lines(&format!("{} is out of service", args.node))?;
    Ok(Verdict::Done)
}

async fn gone(client: &Client, node: &str, is_asked: bool) -> anyhow::Result<()> {
    let end = Instant::now() + PATIENCE;
    loop {
        match client.nodes().await {
            Ok(nodes) if nodes.nodes.iter().all(|n| n.id != node) && !is_asked => return Ok(()),
            // The one that was asked is the one that ends.
            Err(_) if is_asked => return Ok(()),
            Err(error) => return Err(error.into()),
            Ok(_) => {}
        }
        if Instant::now() >= end {
            anyhow::bail!("{node} still finishes what it has after {PATIENCE:?}");
        }
        tokio::time::sleep(LOOK).await;
    }
}
