//! What `hark bench` measured, for people and programs.

use std::fmt::Write as _;
use std::time::Duration;

use hark_core::capacity::{Demand, rooms};
use serde::Serialize;

use super::{json, style, time};
use crate::bench::{Clip, Measured, Spread};

/// The length that a command has.
const COMMAND: Duration = Duration::from_secs(3);

/// A model's figures as JSON. Times are medians with the quartiles around them.
#[derive(Debug, Serialize)]
pub struct ResultJson {
    model: String,
    engine: String,
    loading_ms: f64,
    clips: Vec<ClipJson>,
    rooms: RoomsJson,
    /// Of the whole process: all models that are measured.
    process_peak_bytes: Option<u64>,
}

#[derive(Debug, Serialize)]
struct ClipJson {
    audio_ms: f64,
    runs: usize,
    real_time_factor: f64,
    encode_ms: SpreadJson,
    decode_ms: SpreadJson,
    whole_ms: SpreadJson,
}

#[derive(Debug, Serialize)]
struct SpreadJson {
    low: f64,
    median: f64,
    high: f64,
}

#[derive(Debug, Serialize)]
struct RoomsJson {
    count: u32,
    commands_per_hour: f64,
    wait_p95_ms: f64,
    command_ms: f64,
}

impl ResultJson {
    /// Of a model, and the memory of all.
    pub fn new(measured: &Measured, demand: &Demand, memory: Option<u64>) -> Self {
        let service = service(measured);
        Self {
            model: measured.description.model.clone(),
            engine: measured.description.engine.to_owned(),
            loading_ms: json::ms(measured.loading),
            clips: measured.clips.iter().map(ClipJson::from).collect(),
            rooms: RoomsJson {
                count: rooms(service, demand),
                commands_per_hour: demand.commands_per_hour,
                wait_p95_ms: json::ms(demand.longest_wait),
                command_ms: json::ms(service),
            },
            process_peak_bytes: memory,
        }
    }
}

impl From<&Clip> for ClipJson {
    fn from(clip: &Clip) -> Self {
        Self {
            audio_ms: json::ms(clip.audio),
            runs: clip.runs,
            real_time_factor: clip.real_time_factor(),
            encode_ms: clip.encode.into(),
            decode_ms: clip.decode.into(),
            whole_ms: clip.whole.into(),
        }
    }
}

impl From<Spread> for SpreadJson {
    fn from(spread: Spread) -> Self {
        Self {
            low: json::ms(spread.low),
            median: json::ms(spread.median),
            high: json::ms(spread.high),
        }
    }
}

/// A model's figures for people.
pub fn text(measured: &Measured, demand: &Demand) -> String {
    let strong = style::STRONG;
    let dim = style::DIM;
    let (model, engine) = (&measured.description.model, &measured.description.engine);
    let loading = time::ms(measured.loading);
    let mut text = format!("{strong}{model}{strong:#} on {engine}, loaded in {loading}\n");
    let head = ["audio", "encode", "decode", "whole"];
    let [audio, encode, decode, whole] = head;
    let _ = writeln!(
        text,
        "  {dim}{audio:<8}{encode:<20}{decode:<20}{whole:<20}of real time{dim:#}"
    );
    for clip in &measured.clips {
        let _ = writeln!(
            text,
            "  {:<8}{:<20}{:<20}{:<20}{:.3}",
            time::span(clip.audio),
            spread(clip.encode),
            spread(clip.decode),
            spread(clip.whole),
            clip.real_time_factor(),
        );
    }
    let runs = measured.clips.first().map_or(0, |c| c.runs);
    let _ = writeln!(
        text,
        "  {dim}medians of {runs} runs of each, and where the middle half of them lies{dim:#}"
    );
    text.push_str(&serves(service(measured), demand));
    text
}

fn serves(service: Duration, demand: &Demand) -> String {
    let strong = style::STRONG;
    let (count, wait) = (rooms(service, demand), time::ms(demand.longest_wait));
    let each = demand.commands_per_hour;
    let took = time::ms(service);
    match count {
        0 => format!(
            "  {strong}too slow for a room{strong:#} with {each} commands an hour: each takes \
             {took}, and 95 of 100 should wait {wait} at most"
        ),
        _ => format!(
            "  {strong}serves {count} rooms{strong:#} with {each} commands of 3 s in an hour, \
             {took} each; 95 of 100 wait {wait} at most"
        ),
    }
}

/// What a command takes.
fn service(measured: &Measured) -> Duration {
    let command = measured.clips.iter().find(|c| c.audio == COMMAND);
    command.map_or(Duration::ZERO, |clip| clip.whole.median)
}

fn spread(spread: Spread) -> String {
    let Spread { low, median, high } = spread;
    let digits = |t: Duration| {
        let ms = t.as_secs_f64() * 1_000.0;
        if ms < 9.95 {
            format!("{ms:.1}")
        } else {
            format!("{ms:.0}")
        }
    };
    format!("{} ({}–{})", time::ms(median), digits(low), digits(high))
}

#[cfg(test)]
mod tests {
    use hark_core::engine::Description;

    use super::*;

    fn measured(whole_ms: u64) -> Measured {
        let times = |ms: u64| Spread {
            low: Duration::from_millis(ms - ms / 10),
            median: Duration::from_millis(ms),
            high: Duration::from_millis(ms + ms / 5),
        };
        let clip = |seconds: u64| Clip {
            audio: Duration::from_secs(seconds),
            runs: 7,
            encode: times(whole_ms * seconds / 6),
            decode: times(whole_ms * seconds / 6),
            whole: times(whole_ms * seconds / 3),
        };
        Measured {
            description: Description {
                model: "base".to_owned(),
                engine: "candle",
                languages: vec![],
            },
            loading: Duration::from_millis(42),
            clips: vec![clip(1), clip(3)],
        }
    }

    const DEMAND: Demand = Demand {
        commands_per_hour: 20.0,
        longest_wait: Duration::from_millis(500),
    };

    #[test]
    fn figures_for_people() {
        let text = text(&measured(300), &DEMAND);
        insta::assert_snapshot!(anstream::adapter::strip_str(&text).to_string());
    }

    #[test]
    fn figures_for_programs() {
        insta::assert_json_snapshot!(ResultJson::new(&measured(300), &DEMAND, Some(1 << 20)));
    }

    #[test]
    fn a_machine_that_is_too_slow_is_told_so() {
        let text = text(&measured(90_000), &DEMAND);
        assert!(text.contains("too slow for a room"), "{text}");
    }
}
