//! `hark up`: everything, until it is told to end.

use crate::cli;
use crate::exit::Verdict;
use crate::show::banner::{Banner, Callers, Home, Model, Store};
use crate::show::progress::Progress;
use crate::show::{self, ReaderGone};
use crate::up::{self, Config, ReadyFile, Running};

/// Starts everything, says where it is, and waits for SIGTERM or ctrl-c.
///
/// # Errors
/// What kept it from starting, or from going on.
pub async fn run(args: cli::Up) -> anyhow::Result<Verdict> {
    let config = Config::load(&args.settings)?;
    let progress = Progress::start("starting");
    let running = up::start(&config).await?;
    drop(progress);
    show::remark(&banner(&config, &running).text());
    let ready = args.ready_file.as_deref();
    let ready = ready
        .map(|path| ReadyFile::write(path, &running))
        .transpose()?;
    match show::lines(&format!("listening on {}", running.address())) {
        // The house is served, whether somebody reads this or not.
        Err(error) if error.is::<ReaderGone>() => {}
        said => said?,
    }
    running.finish().await?;
    drop(ready);
    Ok(Verdict::Done)
}

/// What runs, as the banner says it.
fn banner(config: &Config, running: &Running) -> Banner {
    let (model, home) = (running.model(), running.home());
    let picked = running.picked();
    Banner {
        version: env!("CARGO_PKG_VERSION"),
        address: running.address(),
        admin: running.admin_address(),
        model: Model {
            name: model.model.clone(),
            engine: model.engine.to_owned(),
            languages: model.languages.clone(),
            path: picked
                .filter(|picked| !picked.is_bundled)
                .map(|picked| picked.path.display().to_string()),
            notes: picked.map_or_else(Vec::new, |picked| picked.notes.clone()),
        },
        home: Home {
            id: home.id.to_string(),
            areas: home.areas.len(),
            devices: home.devices.len(),
            languages: home.languages.clone(),
            file: config.home.file.clone(),
            is_virtual: true,
        },
        store: match running.store().kind {
            hark_store::Kind::Memory => Store::Memory,
            hark_store::Kind::Redb => Store::File(running.store().path.clone()),
            hark_store::Kind::Etcd => Store::Etcd(running.store().etcd.endpoints.clone()),
        },
        callers: Callers {
            tls: config.server.tls.is_some(),
            anonymous_loopback: config.auth.anonymous_loopback,
            insecure: config.auth.insecure,
        },
        warnings: running.warnings(),
        clock: running.is_synchronised(),
    }
}
