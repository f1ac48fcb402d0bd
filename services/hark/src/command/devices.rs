//! `hark devices`: the devices, once or as they change.

use hark_core::home::DeviceWithState;

use super::connect::{connect, names};
use super::follow::until_enough;
use crate::cli;
use crate::exit::Verdict;
use crate::show;
use crate::show::device::Names;

/// Lists the devices; goes on with what changes, if asked to.
///
/// # Errors
/// If Hark can't be asked, or a watch breaks.
pub async fn run(args: cli::Devices) -> anyhow::Result<Verdict> {
    let cli::Watch { list, watch } = args.watch;
    let client = connect(&list.connection).await?;
    let names = names(&client).await?;
    let area = args.area.as_deref();
    if !watch {
        print(list.json, &names, &client.devices(area).await?, true)?;
        return Ok(Verdict::Done);
    }
    until_enough(async {
        let mut watch = client.watch_devices(area).await?;
        while let Some(update) = watch.next().await? {
            print(list.json, &names, &update.devices, update.resync)?;
        }
        anyhow::bail!("the server ended the watch")
    })
    .await
}

fn print(
    as_json: bool,
    names: &Names,
    devices: &[DeviceWithState],
    all: bool,
) -> anyhow::Result<()> {
    if !as_json && all {
        return show::lines(&names.table(devices));
    }
    for device in devices {
        match as_json {
            true => show::json_line(&names.json(device))?,
            false => show::lines(&names.line(device))?,
        }
    }
    Ok(())
}
