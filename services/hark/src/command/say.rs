//! `hark say`: speaks recordings to a Hark that runs.

use std::path::{Path, PathBuf};

use anyhow::Context as _;
use hark_client::audio::{self, Format, Pacing};
use hark_client::speech::Collector;
use hark_client::{Client, Listen, Trace};
use hark_core::audio::Pcm;
use hark_core::{Ordinal, SessionId};

use super::connect::connect;
use crate::cli;
use crate::exit::Verdict;
use crate::show::progress::Progress;
use crate::show::utterance::Handled;
use crate::show::{self, json};

/// Speaks each recording after the one before; the worst outcome counts.
///
/// # Errors
/// If a recording is none (then nothing is spoken at all), or Hark can't hear it.
pub async fn run(args: cli::Say) -> anyhow::Result<Verdict> {
    let clips: Vec<_> = args.files.iter().map(read).collect::<Result<_, _>>()?;
    let client = connect(&args.connection).await?;
    let mut speaking = Speaking {
        session: args
            .speaker
            .session
            .unwrap_or_else(hark_client::new_session),
        next: Ordinal(args.speaker.ordinal),
        client,
        speaker: args.speaker,
        pacing: match args.realtime {
            true => Pacing::RealTime,
            false => Pacing::Eager,
        },
    };
    let mut verdict = Verdict::Done;
    for (file, pcm) in args.files.iter().zip(clips) {
        let progress = Progress::start(format!("speaking {}", file.display()));
        let heard = speaking.say(Some(file), &pcm).await;
        drop(progress);
        for handled in heard.with_context(|| file.display().to_string())? {
            verdict = verdict.max(Verdict::of(handled.outcome.outcome));
            print(handled, args.json)?;
        }
    }
    Ok(verdict)
}

/// Prints what came of an utterance.
///
/// # Errors
/// If stdout is gone.
pub fn print(handled: Handled, as_json: bool) -> anyhow::Result<()> {
    match as_json {
        true => show::json_line(&json::Utterance::from(handled)),
        false => show::lines(&handled.text()),
    }
}

/// Reads a recording.
///
/// # Errors
/// If the file can't be read, or is no audio that can be heard.
pub fn read(file: &PathBuf) -> anyhow::Result<Pcm> {
    let bytes = std::fs::read(file).with_context(|| file.display().to_string())?;
    let clip = hark_audio::decode_clip(&bytes).with_context(|| file.display().to_string())?;
    Ok(clip.pcm)
}

/// A session that goes on from clip to clip.
#[derive(Debug)]
pub struct Speaking {
    /// Who hears it.
    pub client: Client,
    /// The session.
    pub session: SessionId,
    /// The next utterance's number.
    pub next: Ordinal,
    /// Who speaks, where, in which language.
    pub speaker: cli::Speaker,
    /// How fast.
    pub pacing: Pacing,
}

impl Speaking {
    /// Speaks a clip; gives the utterances that were in it, at least one.
    ///
    /// # Errors
    /// If Hark can't hear it.
    pub async fn say(&mut self, file: Option<&Path>, pcm: &Pcm) -> anyhow::Result<Vec<Handled>> {
        let listen = Listen {
            speaker: self.speaker.speaker.clone(),
            area: self.speaker.area.clone(),
            languages: self.speaker.lang.iter().cloned().collect(),
            resume: Some((self.next, 0)),
            ..Listen::new(self.session)
        };
        let clip = audio::clip(audio::native_bytes(pcm), Format::NATIVE, self.pacing);
        let trace = Trace::begin();
        let client = self.client.within(&trace);
        let mut session = client.listen(&listen, clip).await?;
        let mut collector = Collector::default();
        let mut heard = Vec::new();
        while let Some(event) = session.next().await? {
            let Some(utterance) = collector.take(event) else {
                continue;
            };
            self.next = self.next.max(utterance.ordinal.next());
            heard.push(Handled {
                session: self.session,
                ordinal: utterance.ordinal,
                trace_id: trace.id().to_owned(),
                file: file.map(Path::to_owned),
                transcript: utterance.transcript,
                language: utterance.language,
                outcome: utterance.outcome,
                timings: utterance.timings,
            });
        }
        anyhow::ensure!(
            !heard.is_empty(),
            "nobody speaks in it: no utterance was heard"
        );
        Ok(heard)
    }
}
