//! Shows what Hark's ear makes of WAV files: for each, how much of it sounds like speech
//! and where its utterances lie; with `--frames` every frame's level and probability too.

use hark_audio::{Framer, Vad, decode_clip};
use hark_core::audio::samples_to_duration;
use hark_core::endpointing::{Config, Endpointer, Event};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let (flags, files): (Vec<String>, Vec<String>) =
        std::env::args().skip(1).partition(|a| a.starts_with("--"));
    for file in &files {
        let clip = decode_clip(&std::fs::read(file)?)?;
        let mut vad = Vad::new();
        let heard: Vec<(f32, f32)> = Framer::default()
            .push(clip.pcm.samples())
            .iter()
            .map(|frame| (level_dbfs(frame), vad.predict(frame)))
            .collect();
        if flags.iter().any(|f| f == "--frames") {
            for (i, (level, p)) in heard.iter().enumerate() {
                println!("{:6} ms {level:6.1} dBFS {p:.2}", i * 16);
            }
        }
        println!("{file}: {}", summary(&heard, clip.pcm.samples().len()));
    }
    Ok(())
}

fn summary(heard: &[(f32, f32)], samples: usize) -> String {
    let speech = heard.iter().filter(|(_, p)| *p >= 0.5).count();
    let max = heard.iter().map(|(_, p)| *p).fold(0.0, f32::max);
    let mut endpointer = Endpointer::new(&Config::default());
    let mut events: Vec<Event> = heard
        .iter()
        .filter_map(|(_, p)| endpointer.push(*p))
        .collect();
    events.extend(endpointer.finish(samples as u64));
    let events: Vec<String> = events.iter().map(describe).collect();
    format!(
        "{:.2} s, {}% speech, at most {max:.2}; {}",
        samples as f64 / 16_000.0,
        100 * speech / heard.len().max(1),
        events.join(", ")
    )
}

fn describe(event: &Event) -> String {
    let seconds = |at: u64| samples_to_duration(at).as_secs_f64();
    match event {
        Event::Begin { at } => format!("begin {:.2}", seconds(*at)),
        Event::End(end) => format!("end {:.2} ({})", seconds(end.at), end.reason.as_str()),
        Event::NothingSaid { .. } => "nothing said".to_owned(),
    }
}

fn level_dbfs(frame: &[f32]) -> f32 {
    let power = frame.iter().map(|s| s * s).sum::<f32>() / frame.len() as f32;
    10.0 * (power + 1e-12).log10()
}
