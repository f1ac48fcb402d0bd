//! `hark up`: everything, until it is told to end.

use std::fmt::Write as _;

use anstream::eprintln;

use crate::cli;
use crate::exit::Verdict;
use crate::show::progress::Progress;
use crate::show::{self, style};
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
    eprintln!("{}", banner(&running));
    let ready = args.ready_file.as_deref();
    let ready = ready
        .map(|path| ReadyFile::write(path, &running))
        .transpose()?;
    show::lines(&format!("listening on {}", running.address()))?;
    running.finish().await?;
    drop(ready);
    Ok(Verdict::Done)
}

/// What runs, and where.
pub fn banner(running: &Running) -> String {
    let (strong, dim) = (style::STRONG, style::DIM);
    let (model, home, store) = (running.model(), running.home(), running.store());
    let version = env!("CARGO_PKG_VERSION");
    let mut text = format!("{strong}Hark {version}{strong:#}\n");
    let mut row = |name: &str, what: &str| {
        let _ = writeln!(text, "  {name:<9}{what}");
    };
    row("speakers", &running.address().to_string());
    row(
        "metrics",
        &format!("http://{}/metrics", running.admin_address()),
    );
    row("model", &format!("{} on {}", model.model, model.engine));
    let languages: Vec<_> = home.languages.iter().map(ToString::to_string).collect();
    let (areas, devices) = (home.areas.len(), home.devices.len());
    let languages = languages.join(", ");
    row(
        "home",
        &format!(
            "{}: {areas} areas, {devices} devices ({languages})",
            home.id
        ),
    );
    row(
        "state",
        &match store.kind {
            hark_store::Kind::Memory => "in memory: gone at the end".to_owned(),
            hark_store::Kind::Redb => store.path.display().to_string(),
            hark_store::Kind::Etcd => format!("etcd at {}", store.etcd.endpoints.join(", ")),
        },
    );
    for said in running.warnings() {
        let warning = style::WARNING;
        let _ = writeln!(text, "  {warning}{said}{warning:#}");
    }
    if model.engine == "fake" {
        let warning = style::WARNING;
        let _ = writeln!(
            text,
            "  {warning}the engine is fake: nothing is really heard{warning:#}"
        );
    }
    let try_it = format!(
        "hark text 'turn on the light in the hallway' --lang en --server {}",
        running.address()
    );
    let _ = write!(text, "  {dim}try: {try_it}{dim:#}");
    text
}
