//! What a person may type about the nodes of the house.

use clap::Args;

use super::{Connection, Watch};

/// `hark nodes`.
#[derive(Debug, Clone, Args)]
#[command(after_help = NODES_EXAMPLES)]
pub struct Nodes {
    /// What is listed, and how
    #[command(flatten)]
    pub watch: Watch,
}

const NODES_EXAMPLES: &str = "\
Examples:
  hark nodes                                 every process of this house, and how it does
  hark nodes --watch                         again whenever one comes, goes or changes
  hark nodes --json | jq -r .id              one JSON object for each node

A part is serving, draining (finishes what it has), suspected (registered, but not known
to be alive) or ejected (failed too often, left alone for a while).";

/// `hark drain`.
#[derive(Debug, Clone, Args)]
#[command(after_help = DRAIN_EXAMPLES)]
pub struct Drain {
    /// The node's id, as `hark nodes` shows it
    #[arg(value_name = "NODE")]
    pub node: String,
    /// The Hark that is asked; it need not be the node itself
    #[command(flatten)]
    pub connection: Connection,
    /// Return at once, rather than once it is out of the list of nodes
    #[arg(long)]
    pub no_wait: bool,
}

const DRAIN_EXAMPLES: &str = "\
Examples:
  hark drain attic-1f2e3d4c                  no new work for it; it ends with what it has

Its process ends as if it had got SIGTERM. What starts it again (systemd, Kubernetes)
decides whether it comes back.";
