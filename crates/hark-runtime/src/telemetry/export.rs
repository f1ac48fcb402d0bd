//! What sends traces and metrics: OTLP over gRPC, on connections of our own, which give
//! up in time where the exporter's would wait for ever.

use std::path::{Path, PathBuf};
use std::time::Duration;

use opentelemetry_otlp::{
    MetricExporter, SpanExporter, WithExportConfig as _, WithTonicConfig as _,
};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::metrics::PeriodicReader;
use opentelemetry_sdk::trace::{
    BatchConfigBuilder, BatchSpanProcessor, Sampler, SdkTracerProvider,
};
use tonic::transport::{Certificate, Channel, ClientTlsConfig, Endpoint, Identity};

use super::plan::{Plan, Sampling, Target};
use crate::Error;

/// How long connecting may take, at most.
const CONNECT: Duration = Duration::from_secs(3);
/// Where systems keep the certificates of those whom they trust.
const SYSTEM_CERTIFICATES: [&str; 4] = [
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/ssl/ca-bundle.pem",
    "/etc/ssl/cert.pem",
];

/// What makes spans; it sends them where the plan has a place for them.
pub(super) fn tracer(plan: &Plan, resource: &Resource) -> Result<SdkTracerProvider, Error> {
    let builder = SdkTracerProvider::builder()
        .with_resource(resource.clone())
        .with_sampler(sampler(plan.sampling));
    Ok(match &plan.traces {
        Some(target) => builder
            .with_span_processor(processor(plan, target)?)
            .build(),
        None => builder.build(),
    })
}

/// What sends metrics.
pub(super) fn reader(
    plan: &Plan,
    target: &Target,
) -> Result<PeriodicReader<MetricExporter>, Error> {
    let exporter = MetricExporter::builder()
        .with_tonic()
        .with_timeout(target.timeout)
        .with_channel(channel(target)?)
        .build()
        .map_err(failed)?;
    let reader = PeriodicReader::builder(exporter);
    Ok(reader.with_interval(plan.interval).build())
}

fn processor(plan: &Plan, target: &Target) -> Result<BatchSpanProcessor, Error> {
    let exporter = SpanExporter::builder()
        .with_tonic()
        .with_timeout(target.timeout)
        .with_channel(channel(target)?)
        .build()
        .map_err(failed)?;
    let batch = BatchConfigBuilder::default()
        .with_max_queue_size(plan.batch.queue)
        .with_max_export_batch_size(plan.batch.size)
        .with_scheduled_delay(plan.batch.delay)
        .build();
    let processor = BatchSpanProcessor::builder(exporter);
    Ok(processor.with_batch_config(batch).build())
}

fn sampler(sampling: Sampling) -> Sampler {
    let root = Sampler::TraceIdRatioBased(sampling.ratio);
    match sampling.parent_based {
        true => Sampler::ParentBased(Box::new(root)),
        false => root,
    }
}

/// A connection that is made when it is first needed, and again when it is lost.
fn channel(target: &Target) -> Result<Channel, Error> {
    let endpoint = Endpoint::from(target.endpoint.clone())
        .connect_timeout(CONNECT.min(target.timeout))
        .timeout(target.timeout)
        .http2_keep_alive_interval(Duration::from_secs(20))
        .keep_alive_timeout(Duration::from_secs(10));
    if !target.is_tls() {
        return Ok(endpoint.connect_lazy());
    }
    let endpoint = endpoint.tls_config(tls(target)?).map_err(failed)?;
    Ok(endpoint.connect_lazy())
}

fn tls(target: &Target) -> Result<ClientTlsConfig, Error> {
    let ca = match &target.ca {
        Some(path) => path.clone(),
        None => system_certificates()?,
    };
    let tls = ClientTlsConfig::new().ca_certificate(Certificate::from_pem(read(&ca)?));
    Ok(match &target.client {
        Some((certificate, key)) => {
            tls.identity(Identity::from_pem(read(certificate)?, read(key)?))
        }
        None => tls,
    })
}

fn system_certificates() -> Result<PathBuf, Error> {
    let named = std::env::var_os("SSL_CERT_FILE").map(PathBuf::from);
    let usual = SYSTEM_CERTIFICATES.iter().map(PathBuf::from);
    let mut all = named.into_iter().chain(usual);
    all.find(|path| path.is_file()).ok_or_else(|| {
        Error::Telemetry(
            "the collector's address is https, and this system trusts nobody: name the \
             certificate of its authority in OTEL_EXPORTER_OTLP_CERTIFICATE"
                .to_owned(),
        )
    })
}

fn read(path: &Path) -> Result<Vec<u8>, Error> {
    std::fs::read(path).map_err(|source| Error::Read {
        path: path.to_owned(),
        source,
    })
}

fn failed(error: impl std::fmt::Display) -> Error {
    Error::Telemetry(error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::telemetry::Export;
    use crate::telemetry::variables::Variables;

    fn plan(variables: &[(&str, &str)]) -> Plan {
        let variables = Variables::of(variables.iter().copied());
        Plan::read(&Export::default(), &variables).unwrap()
    }

    #[tokio::test]
    async fn a_certificate_that_is_not_there_is_named() {
        let plan = plan(&[
            ("OTEL_EXPORTER_OTLP_ENDPOINT", "https://127.0.0.1:1"),
            ("OTEL_EXPORTER_OTLP_CERTIFICATE", "/no/such/ca.pem"),
        ]);
        let error = tracer(&plan, &Resource::builder().build()).unwrap_err();
        assert!(error.to_string().contains("/no/such/ca.pem"), "{error}");
    }

    #[tokio::test]
    async fn nothing_is_opened_before_there_is_something_to_send() {
        let plan = plan(&[("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:1")]);
        let provider = tracer(&plan, &Resource::builder().build()).unwrap();
        let reader = reader(&plan, plan.metrics.as_ref().unwrap());
        assert!(reader.is_ok());
        drop(provider);
    }
}
