//! Logs to standard error, metrics for Prometheus, trace context for calls.
//!
//! Metrics and the identity of traces belong to the process, so they are set up once,
//! whoever asks first.

use std::io::IsTerminal as _;
use std::sync::OnceLock;

use opentelemetry::metrics::{Meter, MeterProvider as _};
use opentelemetry::trace::TracerProvider as _;
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::metrics::SdkMeterProvider;
use opentelemetry_sdk::trace::SdkTracerProvider;
use prometheus::{Registry, TextEncoder};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use tracing::level_filters::LevelFilter;
use tracing_subscriber::filter::{EnvFilter, Targets};
use tracing_subscriber::layer::{Layer as _, SubscriberExt as _};
use tracing_subscriber::util::SubscriberInitExt as _;

use crate::Error;

/// Bounds of histograms of durations, in seconds.
pub const SECONDS: [f64; 14] = [
    0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0,
];

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

/// Keeps telemetry going; shut it down at the end.
#[derive(Debug)]
pub struct Telemetry {
    tracer: SdkTracerProvider,
}

impl Telemetry {
    /// Sets up the logs and traces of this process. `service` is its name, like
    /// `hark-ingest`.
    ///
    /// # Errors
    /// [`Error::Telemetry`] if the filter is malformed, or if it was set up before.
    pub fn start(config: &Config, service: &'static str) -> Result<Self, Error> {
        let failed = |message: String| Error::Telemetry(message);
        let filter = EnvFilter::try_new(&config.filter)
            .map_err(|e| failed(format!("`log.filter` is `{}`: {e}", config.filter)))?;
        let console = tracing_subscriber::fmt::layer()
            .with_writer(std::io::stderr)
            .with_ansi(std::io::stderr().is_terminal())
            .with_filter(filter);
        let tracer = SdkTracerProvider::builder()
            .with_resource(Resource::builder().with_service_name(service).build())
            .build();
        // Spans exist whatever is logged, or a quiet process would break its callers'
        // traces.
        let spans = Targets::new().with_target("hark", LevelFilter::INFO);
        let traces = tracing_opentelemetry::layer()
            .with_tracer(tracer.tracer("hark"))
            .with_filter(spans);
        tracing_subscriber::registry()
            .with(console)
            .with(traces)
            .try_init()
            .map_err(|e| failed(e.to_string()))?;
        metrics();
        Ok(Self { tracer })
    }

    /// Sends what was not sent yet.
    pub fn shutdown(self) {
        if let Err(error) = self.tracer.shutdown() {
            tracing::warn!(%error, "cannot end traces in order");
        }
    }
}

/// The meter for instruments of Hark; names begin with `hark.` unless OpenTelemetry has
/// a name for them.
pub fn meter() -> Meter {
    metrics().provider.meter("hark")
}

/// All metrics, as Prometheus reads them (text format 0.0.4).
///
/// # Errors
/// [`Error::Telemetry`] if they can't be written as text.
pub fn scrape() -> Result<String, Error> {
    let families = metrics().registry.gather();
    let text = TextEncoder::new().encode_to_string(&families);
    text.map_err(|e| Error::Telemetry(e.to_string()))
}

struct Metrics {
    registry: Registry,
    provider: SdkMeterProvider,
}

fn metrics() -> &'static Metrics {
    static METRICS: OnceLock<Metrics> = OnceLock::new();
    METRICS.get_or_init(|| {
        let registry = Registry::new();
        let exporter = opentelemetry_prometheus::exporter()
            .with_registry(registry.clone())
            .scope_info_enabled(false)
            .without_target_info()
            .build()
            .expect("a new registry has no other exporter");
        let provider = SdkMeterProvider::builder().with_reader(exporter).build();
        opentelemetry::global::set_meter_provider(provider.clone());
        Metrics { registry, provider }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn instruments_are_scraped() {
        let counter = meter().u64_counter("hark.test.lamps").build();
        counter.add(2, &[opentelemetry::KeyValue::new("area", "hallway")]);
        let text = scrape().unwrap();
        assert!(
            text.contains("hark_test_lamps_total{area=\"hallway\"} 2"),
            "{text}"
        );
    }

    #[test]
    fn a_malformed_filter_is_explained() {
        let config = Config {
            filter: "hark=loud".to_owned(),
        };
        let error = Telemetry::start(&config, "test").unwrap_err().to_string();
        assert!(error.contains("`log.filter` is `hark=loud`"), "{error}");
    }
}
