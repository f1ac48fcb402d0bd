//! `hark text`: typed sentences, one from the command line or line by line.

use std::io::{BufRead as _, IsTerminal as _, Write as _};

use hark_client::{Client, Converse, Trace};
use hark_core::{Ordinal, SessionId};
use uuid::Uuid;

use super::connect::connect;
use super::explain::Explainer;
use super::say::print;
use crate::cli;
use crate::exit::Verdict;
use crate::show::utterance::Handled;

/// Says the sentence, or each line of stdin.
///
/// # Errors
/// If Hark can't be asked, or stdin can't be read.
pub async fn run(args: cli::Text) -> anyhow::Result<Verdict> {
    if args.explain {
        let explainer = Explainer::new(&args)?;
        return match &args.sentence {
            Some(sentence) => explainer.explain(sentence),
            None => each_line(|sentence| explainer.explain(sentence)),
        };
    }
    let client = connect(&args.connection).await?;
    if let Some(sentence) = args.sentence.clone() {
        return say(&client, &args, sentence, args.speaker.ordinal).await;
    }
    // Lines are one session: what was said before is known.
    let mut args = args;
    let fresh = || SessionId(Uuid::now_v7());
    args.speaker.session = Some(args.speaker.session.unwrap_or_else(fresh));
    let (mut verdict, mut ordinal) = (Verdict::Done, args.speaker.ordinal);
    while let Some(sentence) = tokio::task::block_in_place(next_line)? {
        verdict = verdict.max(say(&client, &args, sentence, ordinal).await?);
        ordinal += 1;
    }
    Ok(verdict)
}

fn each_line(explain: impl Fn(&str) -> anyhow::Result<Verdict>) -> anyhow::Result<Verdict> {
    let mut verdict = Verdict::Done;
    while let Some(sentence) = next_line()? {
        verdict = verdict.max(explain(&sentence)?);
    }
    Ok(verdict)
}

/// The next line that is not empty; `None` at the end.
fn next_line() -> anyhow::Result<Option<String>> {
    let terminal = std::io::stdin().is_terminal();
    loop {
        if terminal {
            eprint_prompt();
        }
        let mut line = String::new();
        if std::io::stdin().lock().read_line(&mut line)? == 0 {
            return Ok(None);
        }
        match line.trim() {
            "" => {}
            sentence => return Ok(Some(sentence.to_owned())),
        }
    }
}

fn eprint_prompt() {
    // Where nobody sees the prompt, nothing is lost.
    let mut out = anstream::stderr().lock();
    let _ = write!(out, "> ").and_then(|()| out.flush());
}

async fn say(
    client: &Client,
    args: &cli::Text,
    sentence: String,
    ordinal: u32,
) -> anyhow::Result<Verdict> {
    let trace = Trace::begin();
    let speaker = args.speaker.clone();
    let conversed = client
        .within(&trace)
        .converse(Converse {
            text: sentence.clone(),
            language: speaker.lang.clone(),
            speaker: speaker.speaker,
            area: speaker.area,
            session: speaker.session,
            ordinal: Ordinal(ordinal),
        })
        .await?;
    let verdict = Verdict::of(conversed.outcome.outcome);
    let language = || Some(conversed.outcome.reply.language.clone());
    let handled = Handled {
        session: conversed.session,
        ordinal: Ordinal(ordinal),
        trace_id: trace.id().to_owned(),
        file: None,
        transcript: sentence,
        language: speaker.lang.or_else(language),
        outcome: conversed.outcome,
        timings: conversed.timings,
    };
    print(handled, args.json)?;
    Ok(verdict)
}
