//! What telemetry costs: two Harks side by side, one that tells a collector and one that
//! tells nobody, hear the same 100 paced streams in turn. What is compared is the
//! processor time of their processes.
//!
//! The engine is fake and the store in memory, so that what is measured is what Hark does
//! for each piece of audio and each utterance. A model would only make telemetry's part
//! smaller. Needs the program `hark` beside it: `make bench` builds it.

use std::io::{BufRead as _, BufReader};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use anyhow::Context as _;
use hark_client::audio::{self, Format, Pacing};
use hark_client::{Client, Listen, Options};
use hark_core::audio::Pcm;
use hark_harness::otlp::Collector;
use tokio::task::JoinSet;

const STREAMS: usize = 100;
const SENTENCE: &str = "Schalte das Licht im Flur ein";
/// After each turn: longer than spans wait to be sent.
const PAUSE: Duration = Duration::from_secs(6);
/// The kernel's unit of processor time, in every Linux that there is.
const TICKS_PER_SECOND: f64 = 100.0;

fn main() -> anyhow::Result<()> {
    let rounds = setting("HARK_BENCH_ROUNDS", 6);
    let seconds = setting("HARK_BENCH_SECONDS", 10);
    let every_ms = setting("HARK_BENCH_EVERY_MS", 10_000);
    let runtime = tokio::runtime::Runtime::new()?;
    let collector = Collector::start()?;
    let folder = tempfile::tempdir()?;
    let start = |name, endpoint| House::start(folder.path().join(name), endpoint);
    let (off, on) = (
        start("off", None)?,
        start("on", Some(collector.endpoint()))?,
    );
    let audio = talk(seconds, every_ms)?;
    println!(
        "{STREAMS} streams of {seconds} s each turn, a sentence every {every_ms} ms on each; \
         processor seconds, user + system"
    );
    let turn = |house: &House| runtime.block_on(house.hear(&audio));
    // One turn each that does not count: first connections, lazy beginnings.
    turn(&off)?;
    turn(&on)?;
    let mut ratios = Vec::new();
    for round in 0..rounds {
        // Off and on take turns at being first.
        let (a, b) = match round % 2 {
            0 => (turn(&off)?, turn(&on)?),
            _ => {
                let b = turn(&on)?;
                (turn(&off)?, b)
            }
        };
        let ratio = b.total() / a.total();
        println!("off {a}   on {b}   on/off {ratio:.4}");
        ratios.push(ratio);
    }
    ratios.sort_by(f64::total_cmp);
    let median = (ratios[(ratios.len() - 1) / 2] + ratios[ratios.len() / 2]) / 2.0;
    let (low, high) = (ratios[0], ratios[ratios.len() - 1]);
    println!("on/off: median {median:.4} ({low:.4} to {high:.4})");
    println!("the collector got {} spans", collector.spans().len());
    Ok(())
}

fn setting(name: &str, default: usize) -> usize {
    let value = std::env::var(name).ok().and_then(|v| v.parse().ok());
    value.unwrap_or(default).max(1)
}

/// A sentence every so many milliseconds, and silence between.
fn talk(seconds: usize, every_ms: usize) -> anyhow::Result<Pcm> {
    let path = hark_benches::project("crates/hark-whisper/tests/data/flur-ein.wav");
    let clip = hark_audio::decode_clip(&std::fs::read(path)?)?;
    // At least a second of silence ends an utterance for sure.
    let mut once = clip.pcm.samples().to_vec();
    once.resize((every_ms * 16).max(once.len() + 16_000), 0.0);
    let all = once.into_iter().cycle().take(seconds * 16_000);
    Ok(Pcm::new(all.collect::<Vec<_>>()))
}

/// A `hark up`, killed when it is dropped.
struct House {
    child: Child,
    address: String,
}

/// What a turn cost, and how many utterances were answered in it.
struct Cost {
    user: f64,
    system: f64,
    answered: usize,
}

impl House {
    fn start(data: PathBuf, endpoint: Option<String>) -> anyhow::Result<Self> {
        let beside = std::env::current_exe()?;
        let folder = beside.parent().and_then(|deps| deps.parent());
        let program = folder
            .context("this program is in target/<profile>/deps")?
            .join("hark");
        let mut command = Command::new(&program);
        command
            .args(["up", "--engine", "fake", "--listen", "127.0.0.1:0"])
            .args(["--admin-listen", "127.0.0.1:0", "--data-dir"])
            .arg(data)
            .env("HARK__STORE__KIND", "memory")
            .env("HARK__INFERENCE__FAKE_TRANSCRIPT", SENTENCE)
            .env("HARK__INFERENCE__QUEUE_CAPACITY", "512")
            .env("HARK__INGEST__MAX_STREAMS", "256")
            .env("HARK__ROUTER__MAX_SENTENCES", "512")
            .env("HARK__SERVER__MAX_CONNECTIONS_PER_IP", "512")
            .env("HARK__LOG__FILTER", "warn")
            .env_remove("OTEL_EXPORTER_OTLP_ENDPOINT")
            .envs(endpoint.map(|e| ("OTEL_EXPORTER_OTLP_ENDPOINT", e)))
            .stdout(Stdio::piped());
        let built = || format!("{}: build it with the same profile", program.display());
        let mut child = command.spawn().with_context(built)?;
        let mut line = String::new();
        let out = child.stdout.take().context("its output is piped")?;
        BufReader::new(out).read_line(&mut line)?;
        let address = line.trim().strip_prefix("listening on ");
        let address = address.context("it did not start")?.to_owned();
        Ok(Self { child, address })
    }

    /// Speaks on all streams at once, as fast as people do.
    async fn hear(&self, audio: &Pcm) -> anyhow::Result<Cost> {
        let before = self.used()?;
        let mut speakers = JoinSet::new();
        for _ in 0..STREAMS {
            let client = Client::connect(&Options::new([&self.address])).await?;
            let bytes = audio::native_bytes(audio);
            speakers.spawn(async move {
                let audio = audio::clip(bytes, Format::NATIVE, Pacing::RealTime);
                let listen = Listen::new(hark_client::new_session());
                let mut session = client.listen(&listen, audio).await?;
                let mut heard = hark_client::speech::Collector::default();
                let mut answered = 0;
                while let Some(event) = session.next().await? {
                    answered += usize::from(heard.take(event).is_some());
                }
                Ok::<_, hark_client::Error>(answered)
            });
        }
        let mut answered = 0;
        while let Some(speaker) = speakers.join_next().await {
            answered += speaker??;
        }
        tokio::time::sleep(PAUSE).await;
        let after = self.used()?;
        Ok(Cost {
            user: after.0 - before.0,
            system: after.1 - before.1,
            answered,
        })
    }

    /// Processor seconds so far, user and system (proc_pid_stat(5), fields 14 and 15).
    fn used(&self) -> anyhow::Result<(f64, f64)> {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.child.id()))?;
        let (_, after_name) = stat.rsplit_once(')').context("a name in brackets")?;
        let mut fields = after_name.split_whitespace().skip(11);
        let mut next = || -> anyhow::Result<f64> {
            let ticks: f64 = fields.next().context("14 fields and more")?.parse()?;
            Ok(ticks / TICKS_PER_SECOND)
        };
        Ok((next()?, next()?))
    }
}

impl Drop for House {
    fn drop(&mut self) {
        // It may have ended before.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Cost {
    fn total(&self) -> f64 {
        self.user + self.system
    }
}

impl std::fmt::Display for Cost {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (total, answered) = (self.total(), self.answered);
        let (user, system) = (self.user, self.system);
        write!(
            f,
            "{user:.2} + {system:.2} = {total:.2} s, {answered} answers"
        )
    }
}
