//! Logs to standard error, metrics for Prometheus, and, where somebody named a collector,
//! traces and the same metrics to it (OTLP over gRPC).
//!
//! Metrics and the identity of traces belong to the process, so they are set up once.
//! What waits to be sent is bounded, and so is the time that sending may take at the end:
//! a collector that is gone costs spans, never memory, and never the end of the process.

mod export;
mod metrics;
mod plan;
mod resource;
mod variables;

use std::io::IsTerminal as _;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use opentelemetry::trace::TracerProvider as _;
use opentelemetry_sdk::trace::{SdkTracer, SdkTracerProvider};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use tokio::sync::oneshot;
use tracing::Subscriber;
use tracing::level_filters::LevelFilter;
use tracing_subscriber::filter::{EnvFilter, Targets};
use tracing_subscriber::layer::{Layer, SubscriberExt as _};
use tracing_subscriber::registry::LookupSpan;
use tracing_subscriber::util::SubscriberInitExt as _;

use crate::Error;
pub use metrics::{counter, gauge, histogram, scrape, up_down_counter};
use plan::Plan;
use variables::Variables;

/// How long sending what is left may take at the end.
const FLUSH: Duration = Duration::from_secs(3);

/// What is logged.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// Which messages: a level (`error`, `warn`, `info`, `debug`, `trace`), or levels by
    /// module, like `info,hark_ingest=debug`.
    pub filter: String,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            filter: "info,h2=warn,hyper=warn,opentelemetry=warn,tonic=warn,tower=warn".to_owned(),
        }
    }
}

/// What leaves the process besides logs, and what may be in it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Export {
    /// An OpenTelemetry collector for traces and metrics, OTLP over gRPC, like
    /// `http://127.0.0.1:4317`. Absent: what `OTEL_EXPORTER_OTLP_ENDPOINT` names, and if
    /// that is not set either, nothing is sent. Everything else about it comes from
    /// OpenTelemetry's own variables.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub otlp_endpoint: Option<String>,
    /// Let traces contain what people say. Where this is off, nothing that was said is in
    /// any log, trace or metric.
    pub transcripts: bool,
}

/// Whose telemetry it is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Identity {
    /// The process's name, like `hark-ingest`.
    pub service: &'static str,
    /// The home that it serves, where that is known.
    pub home: Option<String>,
}

/// Keeps telemetry going; shut it down at the end.
#[derive(Debug)]
pub struct Telemetry {
    tracer: SdkTracerProvider,
    sends: bool,
}

impl Telemetry {
    /// Sets up the logs, traces and metrics of this process. Must be called within a
    /// runtime, before anything is measured.
    ///
    /// # Errors
    /// [`Error::Telemetry`] if the filter or one of OpenTelemetry's variables is
    /// malformed, or if it was set up before; [`Error::Read`] if a certificate that they
    /// name can't be read.
    pub fn start(config: &Config, export: &Export, identity: &Identity) -> Result<Self, Error> {
        let plan = Plan::read(export, &Variables::of_process())?;
        Self::with_plan(config, export, &plan, identity)
    }

    fn with_plan(
        config: &Config,
        export: &Export,
        plan: &Plan,
        identity: &Identity,
    ) -> Result<Self, Error> {
        let filter = EnvFilter::try_new(&config.filter)
            .map_err(|e| Error::Telemetry(format!("`log.filter` is `{}`: {e}", config.filter)))?;
        let resource = resource::of(identity, plan);
        let tracer = export::tracer(plan, &resource)?;
        let reader = plan.metrics.as_ref();
        let reader = reader.map(|to| export::reader(plan, to)).transpose()?;
        let sends = plan.traces.is_some() || reader.is_some();
        tracing_subscriber::registry()
            .with(console(filter))
            .with(spans(tracer.tracer("hark")))
            .try_init()
            .map_err(|e| Error::Telemetry(e.to_string()))?;
        metrics::install(reader, resource)?;
        // Set where it was not: who started telemetry before keeps its own.
        let _ = TRACER.set(tracer.tracer("hark"));
        TRACES.store(plan.traces.is_some(), Ordering::Relaxed);
        TRANSCRIPTS.store(export.transcripts, Ordering::Relaxed);
        Ok(Self { tracer, sends })
    }

    /// Sends what was not sent yet, for three seconds at most.
    pub async fn shutdown(self) {
        if !self.sends {
            return;
        }
        let (done, ended) = oneshot::channel();
        let tracer = self.tracer;
        // No task: the exporter blocks its caller, and a runtime waits for such tasks.
        let flush = std::thread::Builder::new().name("hark-flush".to_owned());
        let flushing = flush.spawn(move || {
            std::thread::scope(|both| {
                both.spawn(metrics::shutdown);
                if let Err(error) = tracer.shutdown_with_timeout(FLUSH) {
                    tracing::debug!(%error, "traces not sent");
                }
            });
            // Nobody waits any more if it took too long.
            let _ = done.send(());
        });
        let in_time = flushing.is_ok() && tokio::time::timeout(FLUSH, ended).await.is_ok();
        if !in_time {
            tracing::warn!("the collector did not take everything in time: some is lost");
        }
    }
}

static TRACER: OnceLock<SdkTracer> = OnceLock::new();
static TRACES: AtomicBool = AtomicBool::new(false);
static TRANSCRIPTS: AtomicBool = AtomicBool::new(false);

/// What makes spans of things that have happened; none before telemetry was started.
pub(crate) fn tracer() -> Option<&'static SdkTracer> {
    TRACER.get()
}

/// Whether traces are sent anywhere.
pub(crate) fn sends_traces() -> bool {
    TRACES.load(Ordering::Relaxed)
}

/// What somebody said, where telemetry may contain that.
pub fn spoken(text: &str) -> Option<String> {
    let may = TRANSCRIPTS.load(Ordering::Relaxed);
    may.then(|| text.to_owned())
}

fn console<S>(filter: EnvFilter) -> impl Layer<S>
where
    S: Subscriber + for<'a> LookupSpan<'a>,
{
    tracing_subscriber::fmt::layer()
        .with_writer(std::io::stderr)
        .with_ansi(std::io::stderr().is_terminal())
        .with_filter(filter)
}

/// Spans exist whatever is logged, or a quiet process would break its callers' traces.
/// Only Hark's: sending traces must not make any. A task lives as long as the process, and
/// is no part of anybody's trace.
fn spans<S>(tracer: SdkTracer) -> impl Layer<S>
where
    S: Subscriber + for<'a> LookupSpan<'a>,
{
    let ours = Targets::new()
        .with_target("hark", LevelFilter::INFO)
        .with_target("hark_runtime::tasks", LevelFilter::OFF)
        .with_target("hark_runtime::telemetry", LevelFilter::OFF);
    tracing_opentelemetry::layer()
        .with_tracer(tracer)
        .with_location(false)
        .with_threads(false)
        .with_target(false)
        .with_tracked_inactivity(false)
        .with_context_activation(false)
        .with_filter(ours)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_malformed_filter_is_explained() {
        let config = Config {
            filter: "hark=loud".to_owned(),
        };
        let started = Telemetry::start(&config, &Export::default(), &Identity::default());
        let error = started.unwrap_err().to_string();
        assert!(error.contains("`log.filter` is `hark=loud`"), "{error}");
    }

    #[test]
    fn what_was_said_stays_out_unless_somebody_wants_it() {
        assert_eq!(spoken("schalte das Licht ein"), None);
    }
}
