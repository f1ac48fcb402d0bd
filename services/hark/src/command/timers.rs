//! `hark timers`: the timers that run, once or as they change.

use hark_proto::convert::timer::RunningTimer;

use super::connect::{connect, names};
use super::follow::until_enough;
use crate::cli;
use crate::exit::Verdict;
use crate::show;
use crate::show::device::Names;
use crate::show::timer::{TimerJson, table};

/// Lists the timers, the next to ring first; goes on after each change, if asked to.
///
/// # Errors
/// If Hark can't be asked, or a watch breaks.
pub async fn run(args: cli::Watch) -> anyhow::Result<Verdict> {
    let client = connect(&args.list.connection).await?;
    let names = names(&client).await?;
    if !args.watch {
        print(args.list.json, client.timers().await?, &names)?;
        return Ok(Verdict::Done);
    }
    until_enough(async {
        let mut watch = client.watch_timers().await?;
        while let Some(update) = watch.next().await? {
            print(args.list.json, update.timers, &names)?;
        }
        anyhow::bail!("the server ended the watch")
    })
    .await
}

fn print(as_json: bool, timers: Vec<RunningTimer>, names: &Names) -> anyhow::Result<()> {
    if !as_json {
        return show::lines(&table(&timers, names));
    }
    for timer in timers {
        show::json_line(&TimerJson::from(timer))?;
    }
    Ok(())
}
