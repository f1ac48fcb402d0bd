//! Shows what the voice activity detector makes of WAV files: one line a file with the
//! share of frames over some thresholds, and with `--frames` every frame's level and
//! probability.

use hark_audio::{Framer, Vad, decode_clip};

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
        println!("{}", summary(file, &heard));
    }
    Ok(())
}

fn summary(file: &str, heard: &[(f32, f32)]) -> String {
    let over = |threshold: f32| {
        let count = heard.iter().filter(|(_, p)| *p >= threshold).count();
        100 * count / heard.len().max(1)
    };
    let max = heard.iter().map(|(_, p)| *p).fold(0.0, f32::max);
    let loud = heard.iter().filter(|(l, _)| *l > -45.0).count();
    format!(
        "{file}: {} frames, {loud} over -45 dBFS, max {max:.2}, over 0.3: {}%, 0.5: {}%, 0.7: {}%",
        heard.len(),
        over(0.3),
        over(0.5),
        over(0.7)
    )
}

fn level_dbfs(frame: &[f32]) -> f32 {
    let power = frame.iter().map(|s| s * s).sum::<f32>() / 256.0;
    10.0 * (power + 1e-12).log10()
}
