//! Where traces and metrics go and how, decided from the settings and OpenTelemetry's
//! variables alone: nothing here opens anything.

use std::path::PathBuf;
use std::time::Duration;

use http::Uri;

use super::Export;
use super::variables::{Signal, Variable, Variables};
use crate::Error;

/// What is sent, where to, and how much of it may wait.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Plan {
    pub(super) traces: Option<Target>,
    pub(super) metrics: Option<Target>,
    pub(super) sampling: Sampling,
    pub(super) batch: Batch,
    /// How often metrics are sent.
    pub(super) interval: Duration,
    /// What the environment says about the process.
    pub(super) resource: Vec<(String, String)>,
}

/// A collector.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Target {
    pub(super) endpoint: Uri,
    /// How long sending one batch may take.
    pub(super) timeout: Duration,
    /// Whom to trust, if not those whom the system trusts.
    pub(super) ca: Option<PathBuf>,
    /// What proves who is sending: a certificate and its key.
    pub(super) client: Option<(PathBuf, PathBuf)>,
}

impl Target {
    pub(super) fn is_tls(&self) -> bool {
        self.endpoint.scheme() == Some(&http::uri::Scheme::HTTPS)
    }
}

/// Which traces are kept.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Sampling {
    /// Whether the caller's decision counts, where there is a caller.
    pub(super) parent_based: bool,
    /// The part of all traces, 0 to 1.
    pub(super) ratio: f64,
}

/// How much of the traces may wait, and how it is sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Batch {
    pub(super) queue: usize,
    pub(super) size: usize,
    pub(super) delay: Duration,
}

impl Plan {
    /// Decides. Where nothing is sent, a malformed variable is nobody's concern.
    ///
    /// # Errors
    /// [`Error::Telemetry`] names the setting or the variable that makes no sense.
    pub(super) fn read(export: &Export, variables: &Variables) -> Result<Self, Error> {
        let is_off = variables.is_true("OTEL_SDK_DISABLED")?;
        let target = |signal| match is_off {
            true => Ok(None),
            false => target(export, variables, signal),
        };
        let (traces, metrics) = (target(Signal::Traces)?, target(Signal::Metrics)?);
        if traces.is_none() && metrics.is_none() {
            return Ok(Self::nothing());
        }
        check_others(variables)?;
        let interval = variables.get("OTEL_METRIC_EXPORT_INTERVAL");
        let interval = interval.map(|v| v.milliseconds()).transpose()?;
        Ok(Self {
            sampling: match traces {
                Some(_) => sampling(variables)?,
                None => Sampling::NONE,
            },
            traces,
            metrics,
            batch: batch(variables)?,
            interval: interval.unwrap_or(Duration::from_secs(60)),
            resource: resource(variables)?,
        })
    }

    /// Nothing is sent.
    pub(super) fn nothing() -> Self {
        Self {
            traces: None,
            metrics: None,
            sampling: Sampling::NONE,
            batch: Batch::DEFAULT,
            interval: Duration::from_secs(60),
            resource: Vec::new(),
        }
    }
}

impl Sampling {
    /// Only what a caller samples, so that its trace goes on through this process.
    const NONE: Self = Self {
        parent_based: true,
        ratio: 0.0,
    };
}

impl Batch {
    const DEFAULT: Self = Self {
        queue: 2_048,
        size: 512,
        delay: Duration::from_secs(5),
    };
}

/// Where a signal goes; nowhere if nobody named a collector, or said `none`.
fn target(export: &Export, variables: &Variables, signal: Signal) -> Result<Option<Target>, Error> {
    let named = match &export.otlp_endpoint {
        Some(endpoint) => Some(Variable {
            name: "telemetry.otlp_endpoint".to_owned(),
            value: endpoint.clone(),
        }),
        None => variables.otlp(signal, "ENDPOINT"),
    };
    let Some(named) = named else {
        return Ok(None);
    };
    if !is_wanted(variables, signal)? {
        return Ok(None);
    }
    let get = |what| variables.otlp(signal, what);
    if let Some(protocol) = get("PROTOCOL") {
        protocol.one_of(&["grpc"])?;
    }
    if let Some(compression) = get("COMPRESSION") {
        compression.one_of(&["none"])?;
    }
    if let Some(headers) = get("HEADERS") {
        headers.pairs()?;
    }
    let insecure = get("INSECURE").map_or(Ok(false), |v| v.truth())?;
    let timeout = get("TIMEOUT").map(|v| v.milliseconds()).transpose()?;
    Ok(Some(Target {
        endpoint: endpoint(&named, insecure)?,
        timeout: timeout.unwrap_or(Duration::from_secs(10)),
        ca: get("CERTIFICATE").map(|v| v.value.into()),
        client: client(get("CLIENT_CERTIFICATE"), get("CLIENT_KEY"))?,
    }))
}

fn is_wanted(variables: &Variables, signal: Signal) -> Result<bool, Error> {
    let (name, known): (_, &[&str]) = match signal {
        Signal::Traces => ("OTEL_TRACES_EXPORTER", &["otlp", "none"]),
        // Prometheus reads the admin port in any case.
        Signal::Metrics => ("OTEL_METRICS_EXPORTER", &["otlp", "none", "prometheus"]),
    };
    let exporter = variables.get(name).map_or(Ok(0), |v| v.one_of(known))?;
    Ok(exporter == 0)
}

/// `http://host:port`, `https://host:port`; without a scheme it is https unless insecure.
fn endpoint(named: &Variable, insecure: bool) -> Result<Uri, Error> {
    let should = "the address of an OTLP collector over gRPC, like http://127.0.0.1:4317";
    let full = match named.value.contains("://") {
        true => named.value.clone(),
        false if insecure => format!("http://{}", named.value),
        false => format!("https://{}", named.value),
    };
    let uri: Uri = full.parse().map_err(|_| named.wrong(should))?;
    let fits = matches!(uri.scheme_str(), Some("http" | "https"));
    match uri.host() {
        Some(host) if fits && !host.is_empty() => Ok(uri),
        _ => Err(named.wrong(should)),
    }
}

fn client(
    certificate: Option<Variable>,
    key: Option<Variable>,
) -> Result<Option<(PathBuf, PathBuf)>, Error> {
    let lacks = |name: &str, other: &str| {
        Error::Telemetry(format!("variable {name} is set, but no {other} beside it"))
    };
    match (certificate, key) {
        (Some(certificate), Some(key)) => Ok(Some((certificate.value.into(), key.value.into()))),
        (Some(alone), None) => Err(lacks(&alone.name, "…_CLIENT_KEY")),
        (None, Some(alone)) => Err(lacks(&alone.name, "…_CLIENT_CERTIFICATE")),
        (None, None) => Ok(None),
    }
}

fn sampling(variables: &Variables) -> Result<Sampling, Error> {
    const KNOWN: [&str; 6] = [
        "always_on",
        "always_off",
        "traceidratio",
        "parentbased_always_on",
        "parentbased_always_off",
        "parentbased_traceidratio",
    ];
    let sampler = variables.get("OTEL_TRACES_SAMPLER");
    let kind = sampler.map_or(Ok(3), |v| v.one_of(&KNOWN))?;
    let ratio = match kind % 3 {
        0 => 1.0,
        1 => 0.0,
        _ => variables
            .get("OTEL_TRACES_SAMPLER_ARG")
            .map_or(Ok(1.0), |arg| {
                let ratio = arg.value.parse().ok();
                let ratio = ratio.filter(|r: &f64| (0.0..=1.0).contains(r));
                ratio.ok_or_else(|| arg.wrong("a number from 0 to 1"))
            })?,
    };
    Ok(Sampling {
        parent_based: kind >= 3,
        ratio,
    })
}

fn batch(variables: &Variables) -> Result<Batch, Error> {
    let default = Batch::DEFAULT;
    let count = |name, most: u64, default: usize| {
        let number = variables.number(name, 1..=most, default as u64)?;
        Ok::<_, Error>(usize::try_from(number).unwrap_or(default))
    };
    let queue = count("OTEL_BSP_MAX_QUEUE_SIZE", 65_536, default.queue)?;
    let most = queue as u64;
    let size = count(
        "OTEL_BSP_MAX_EXPORT_BATCH_SIZE",
        most,
        default.size.min(queue),
    )?;
    let delay = variables.get("OTEL_BSP_SCHEDULE_DELAY");
    let delay = delay.map(|v| v.milliseconds()).transpose()?;
    Ok(Batch {
        queue,
        size,
        delay: delay.unwrap_or(default.delay),
    })
}

/// What the SDK reads by itself, and would pass over where it makes no sense.
fn check_others(variables: &Variables) -> Result<(), Error> {
    for name in ["OTEL_BSP_EXPORT_TIMEOUT", "OTEL_METRIC_EXPORT_TIMEOUT"] {
        variables.get(name).map(|v| v.milliseconds()).transpose()?;
    }
    for name in [
        "OTEL_SPAN_ATTRIBUTE_COUNT_LIMIT",
        "OTEL_SPAN_EVENT_COUNT_LIMIT",
        "OTEL_SPAN_LINK_COUNT_LIMIT",
    ] {
        variables.number(name, 0..=1_024, 128)?;
    }
    let temporality = "OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE";
    if let Some(temporality) = variables.get(temporality) {
        temporality.one_of(&["cumulative", "delta", "lowmemory"])?;
    }
    if let Some(propagators) = variables.get("OTEL_PROPAGATORS") {
        let known = |p: &str| matches!(p.trim(), "tracecontext" | "baggage");
        if !propagators.value.split(',').all(known) {
            return Err(propagators.wrong("tracecontext, which is what Hark speaks"));
        }
    }
    Ok(())
}

/// `OTEL_RESOURCE_ATTRIBUTES`, and `OTEL_SERVICE_NAME`, which goes first.
fn resource(variables: &Variables) -> Result<Vec<(String, String)>, Error> {
    let attributes = variables.get("OTEL_RESOURCE_ATTRIBUTES");
    let mut attributes = attributes.map_or(Ok(Vec::new()), |v| v.pairs())?;
    if let Some(name) = variables.get("OTEL_SERVICE_NAME") {
        attributes.push(("service.name".to_owned(), name.value));
    }
    Ok(attributes)
}

#[cfg(test)]
mod tests;
