//! `hark demo`: starts everything in a folder of its own, speaks to it, and shows what
//! happens. It is `hark up` and a speaker, not a film of them.

use std::time::Instant;

use anyhow::Context as _;
use hark_client::audio::Pacing;
use hark_client::{Client, Options};
use hark_core::device::Domain;
use hark_core::home::DeviceWithState;
use hark_core::{AreaId, Language, Ordinal};

use super::say::Speaking;
use crate::cli;
use crate::clips::{CLIPS, Clip};
use crate::exit::Verdict;
use crate::show::progress::Progress;
use crate::show::utterance::Handled;
use crate::show::{self, style, time};
use crate::up::{self, Config, Running};

/// Runs the demo; it fails if the lamp in the hallway is not on at its end.
///
/// # Errors
/// What kept it from starting, or from hearing.
pub async fn run(args: cli::Demo) -> anyhow::Result<Verdict> {
    let folder = tempfile::tempdir().context("no place for the demo's state")?;
    let began = Instant::now();
    let progress = Progress::start("starting Hark");
    let running = up::start(&config(&args, folder.path())).await?;
    drop(progress);
    show::lines(&introduction(&running, began))?;
    let shown = tell(&args, &running).await;
    running.stop();
    running.finish().await?;
    let last = shown?;
    show::lines(&last.sentence)?;
    Ok(match last.is_on {
        true => Verdict::Done,
        false => Verdict::Failed,
    })
}

/// The state of the lamp in the hallway, as a sentence.
struct Last {
    sentence: String,
    is_on: bool,
}

fn config(args: &cli::Demo, folder: &std::path::Path) -> Config {
    let mut config = Config {
        data_dir: Some(folder.to_owned()),
        ..Config::default()
    };
    config.server.listen.set_port(0);
    config.admin.listen.set_port(0);
    config.log.filter = "warn".to_owned();
    if let Some(model) = &args.model {
        config.inference.model.clone_from(model);
    }
    config
}

fn introduction(running: &Running, began: Instant) -> String {
    let (dim, model) = (style::DIM, running.model());
    format!(
        "{dim}Hark runs on {}, with the model {}, for this demo only ({}).{dim:#}\n",
        running.address(),
        model.model,
        time::ms(began.elapsed()),
    )
}

async fn tell(args: &cli::Demo, running: &Running) -> anyhow::Result<Last> {
    let client = Client::connect(&Options::new([running.address().to_string()])).await?;
    let hallway = AreaId::parse("hallway")?;
    let mut speaking = speaking(args, client.clone());
    let mut language = Language::german();
    for clip in CLIPS {
        let before = lamp(&client, &hallway).await?;
        show::lines(&heading(clip))?;
        speaking.speaker.lang = Some(clip.language());
        let pcm = hark_audio::decode_clip(clip.wav)?.pcm;
        let progress = Progress::start("listening");
        let heard = speaking.say(None, &pcm).await?;
        drop(progress);
        for handled in heard {
            language = handled.outcome.reply.language.clone();
            show::lines(&Handled::text(&handled))?;
        }
        let after = lamp(&client, &hallway).await?;
        show::lines(&lamp_line(&before, &after))?;
    }
    let lamp = lamp(&client, &hallway).await?;
    let is_on = lamp.at.state.on == Some(true);
    let sentence = sentence(&language, is_on).to_owned();
    Ok(Last { sentence, is_on })
}

fn speaking(args: &cli::Demo, client: Client) -> Speaking {
    Speaking {
        client,
        session: hark_client::new_session(),
        next: Ordinal(0),
        speaker: cli::Speaker {
            speaker: None,
            area: None,
            lang: None,
            session: None,
            ordinal: 0,
        },
        pacing: match args.realtime {
            true => Pacing::RealTime,
            false => Pacing::Eager,
        },
    }
}

fn heading(clip: &Clip) -> String {
    let dim = style::DIM;
    format!(
        "{dim}{} says, in {}:{dim:#}",
        clip.who,
        clip.language_name()
    )
}

/// The lamp in the hallway, as the home says it is.
async fn lamp(client: &Client, area: &AreaId) -> anyhow::Result<DeviceWithState> {
    let devices = client.devices(Some(area.as_str())).await?;
    let mut lights = devices
        .into_iter()
        .filter(|d| d.device.domain == Domain::Light);
    lights
        .next()
        .context("this home has no lamp in the hallway")
}

fn lamp_line(before: &DeviceWithState, after: &DeviceWithState) -> String {
    let (dim, strong) = (style::DIM, style::STRONG);
    let word = |d: &DeviceWithState| d.at.state.word(Domain::Light);
    match word(before) == word(after) {
        true => format!("  {dim}the lamp in the hallway is {}{dim:#}\n", word(after)),
        false => format!(
            "  {strong}the lamp in the hallway was {} and is {}{strong:#}\n",
            word(before),
            word(after)
        ),
    }
}

fn sentence(language: &Language, is_on: bool) -> &'static str {
    match (language.primary(), is_on) {
        ("de", true) => "Das Licht im Flur ist an.",
        ("de", false) => "Das Licht im Flur ist aus.",
        (_, true) => "The light in the hallway is on.",
        (_, false) => "The light in the hallway is off.",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_line_is_a_sentence_in_the_language_that_was_spoken() {
        let austrian = Language::parse("de-AT").unwrap();
        assert_eq!(sentence(&austrian, true), "Das Licht im Flur ist an.");
        assert_eq!(
            sentence(&Language::english(), false),
            "The light in the hallway is off."
        );
    }

    #[test]
    fn the_demo_takes_free_ports_and_its_own_folder() {
        let args = cli::Demo {
            model: Some("/models/x".to_owned()),
            realtime: false,
        };
        let config = config(&args, std::path::Path::new("/tmp/demo"));
        assert_eq!(config.server.listen.port(), 0);
        assert!(config.server.listen.ip().is_loopback());
        assert_eq!(config.inference.model, "/models/x");
        assert!(config.store().unwrap().path.starts_with("/tmp/demo"));
    }
}
