//! The meter of this process, and the only way to an instrument: a row of the table.

use std::sync::OnceLock;

use hark_core::instruments::{Instrument, Kind};
use opentelemetry::metrics::{Counter, Gauge, Histogram, Meter, MeterProvider as _, UpDownCounter};
use opentelemetry_otlp::MetricExporter;
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::metrics::{PeriodicReader, SdkMeterProvider};
use prometheus::{Registry, TextEncoder};

use crate::Error;

/// Bounds of histograms of durations, in seconds.
const SECONDS: [f64; 14] = [
    0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0,
];

struct Metrics {
    registry: Registry,
    provider: SdkMeterProvider,
}

static METRICS: OnceLock<Metrics> = OnceLock::new();

/// Makes the process's metrics, for Prometheus and for `reader`.
///
/// # Errors
/// [`Error::Telemetry`] if something was measured already, which `reader` would miss.
pub(super) fn install(
    reader: Option<PeriodicReader<MetricExporter>>,
    resource: Resource,
) -> Result<(), Error> {
    if reader.is_none() {
        METRICS.get_or_init(|| Metrics::new(None, resource));
        return Ok(());
    }
    let late = |_| Error::Telemetry("something was measured before it began".to_owned());
    METRICS.set(Metrics::new(reader, resource)).map_err(late)
}

/// Sends what was not sent yet. Blocks for some seconds at most.
pub(super) fn shutdown() {
    if let Err(error) = metrics().provider.shutdown() {
        tracing::debug!(%error, "metrics not sent");
    }
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

/// The counter of a row.
#[expect(clippy::disallowed_methods, reason = "the one place that makes them")]
pub fn counter(row: &Instrument) -> Counter<u64> {
    let meter = meter(row, Kind::Counter);
    let builder = meter
        .u64_counter(row.name)
        .with_description(row.description);
    builder.with_unit(row.unit).build()
}

/// The up-down counter of a row.
#[expect(clippy::disallowed_methods, reason = "the one place that makes them")]
pub fn up_down_counter(row: &Instrument) -> UpDownCounter<i64> {
    let meter = meter(row, Kind::UpDownCounter);
    let builder = meter
        .i64_up_down_counter(row.name)
        .with_description(row.description);
    builder.with_unit(row.unit).build()
}

/// The gauge of a row.
#[expect(clippy::disallowed_methods, reason = "the one place that makes them")]
pub fn gauge(row: &Instrument) -> Gauge<u64> {
    let meter = meter(row, Kind::Gauge);
    let builder = meter.u64_gauge(row.name).with_description(row.description);
    builder.with_unit(row.unit).build()
}

/// The histogram of a row, of seconds.
#[expect(clippy::disallowed_methods, reason = "the one place that makes them")]
pub fn histogram(row: &Instrument) -> Histogram<f64> {
    let meter = meter(row, Kind::Histogram);
    let builder = meter
        .f64_histogram(row.name)
        .with_description(row.description);
    let builder = builder.with_unit(row.unit);
    builder.with_boundaries(SECONDS.to_vec()).build()
}

fn meter(row: &Instrument, kind: Kind) -> Meter {
    assert_eq!(row.kind, kind, "{} is made as its row says", row.name);
    metrics().provider.meter("hark")
}

fn metrics() -> &'static Metrics {
    METRICS.get_or_init(|| Metrics::new(None, Resource::builder().build()))
}

impl Metrics {
    fn new(reader: Option<PeriodicReader<MetricExporter>>, resource: Resource) -> Self {
        let registry = Registry::new();
        let prometheus = opentelemetry_prometheus::exporter()
            .with_registry(registry.clone())
            .scope_info_enabled(false)
            .without_target_info()
            .build()
            .expect("a new registry has no other exporter");
        let builder = SdkMeterProvider::builder().with_resource(resource);
        let builder = builder.with_reader(prometheus);
        let provider = match reader {
            Some(reader) => builder.with_reader(reader).build(),
            None => builder.build(),
        };
        Self { registry, provider }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use hark_core::instruments::TABLE;
    use opentelemetry::KeyValue;

    use super::*;

    /// Makes the instrument of a row, and tells it something.
    fn measure(row: &Instrument) {
        let labels: Vec<_> = row
            .attributes
            .iter()
            .map(|a| KeyValue::new(a.name, "some"))
            .collect();
        match row.kind {
            Kind::Counter => counter(row).add(2, &labels),
            Kind::UpDownCounter => up_down_counter(row).add(1, &labels),
            Kind::Gauge => gauge(row).record(3, &labels),
            Kind::Histogram => histogram(row).record(0.02, &labels),
        }
    }

    #[test]
    fn each_row_is_scraped_under_its_documented_name_and_nothing_else_is() {
        TABLE.iter().for_each(measure);
        let text = scrape().unwrap();
        let types = text.lines().filter_map(|l| l.strip_prefix("# TYPE "));
        let scraped: BTreeSet<_> = types.filter_map(|l| l.split(' ').next()).collect();
        let rows: Vec<_> = TABLE.iter().map(Instrument::prometheus).collect();
        let documented: BTreeSet<_> = rows.iter().map(String::as_str).collect();
        assert_eq!(scraped, documented);
        for row in TABLE {
            let help = format!("# HELP {} {}", row.prometheus(), row.description);
            assert!(text.contains(&help), "{help} is not in {text}");
            for attribute in row.attributes {
                let label = format!("{}=\"some\"", attribute.name.replace('.', "_"));
                assert!(text.contains(&label), "{label} is not in {text}");
            }
        }
    }
}
