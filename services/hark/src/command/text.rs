//! `hark text`: a typed sentence.

use hark_client::{Converse, Trace};
use hark_core::Ordinal;

use super::connect::connect;
use super::say::print;
use crate::cli;
use crate::exit::Verdict;
use crate::show::utterance::Handled;

/// Says the sentence.
///
/// # Errors
/// If Hark can't be asked.
pub async fn run(args: cli::Text) -> anyhow::Result<Verdict> {
    let trace = Trace::begin();
    let client = connect(&args.connection).await?.within(&trace);
    let conversed = client
        .converse(Converse {
            text: args.sentence.clone(),
            language: args.speaker.lang.clone(),
            speaker: args.speaker.speaker,
            area: args.speaker.area,
            session: args.speaker.session,
            ordinal: Ordinal(args.speaker.ordinal),
        })
        .await?;
    let verdict = Verdict::of(conversed.outcome.outcome);
    let handled = Handled {
        session: conversed.session,
        ordinal: Ordinal(args.speaker.ordinal),
        trace_id: trace.id().to_owned(),
        file: None,
        transcript: args.sentence,
        language: args
            .speaker
            .lang
            .or_else(|| Some(conversed.outcome.reply.language.clone())),
        outcome: conversed.outcome,
        timings: conversed.timings,
    };
    print(handled, args.json)?;
    Ok(verdict)
}
