//! `hark nodes`: the nodes of the house, once or as they change.

use hark_client::Nodes;

use super::connect::connect;
use super::follow::until_enough;
use crate::cli;
use crate::exit::Verdict;
use crate::show;
use crate::show::nodes::{NodeJson, table};

/// Lists the nodes; goes on after each change, if asked to.
///
/// # Errors
/// If Hark can't be asked, or a watch breaks.
pub async fn run(args: cli::Nodes) -> anyhow::Result<Verdict> {
    let cli::Watch { list, watch } = args.watch;
    let client = connect(&list.connection).await?;
    if !watch {
        print(list.json, client.nodes().await?)?;
        return Ok(Verdict::Done);
    }
    until_enough(async {
        let mut watch = client.watch_nodes().await?;
        let mut known: Option<Nodes> = None;
        while let Some(nodes) = watch.next().await? {
            // Said again only for its age: nothing to print.
            if known.as_ref().is_none_or(|k| k.nodes != nodes.nodes) {
                print(list.json, nodes.clone())?;
            }
            known = Some(nodes);
        }
        anyhow::bail!("the server ended the watch")
    })
    .await
}

fn print(as_json: bool, nodes: Nodes) -> anyhow::Result<()> {
    if !as_json {
        return show::lines(&table(&nodes));
    }
    for node in nodes.nodes {
        show::json_line(&NodeJson::new(node, nodes.age))?;
    }
    Ok(())
}
