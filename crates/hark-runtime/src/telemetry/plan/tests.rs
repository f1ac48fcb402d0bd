//! Every variable: what it does, and what a value that makes no sense is told.

use proptest::prelude::*;

use super::*;

const ENDPOINT: (&str, &str) = ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://collector:4317");

fn read(variables: &[(&str, &str)]) -> Result<Plan, String> {
    let variables = Variables::of(variables.iter().copied());
    Plan::read(&Export::default(), &variables).map_err(|e| e.to_string())
}

fn with_endpoint(more: &[(&str, &str)]) -> Result<Plan, String> {
    read(&[&[ENDPOINT], more].concat())
}

#[test]
fn nothing_is_sent_unless_somebody_named_a_collector() {
    for variables in [
        &[][..],
        &[("OTEL_EXPORTER_OTLP_ENDPOINT", "")],
        &[
            ("OTEL_SERVICE_NAME", "x"),
            ("OTEL_BSP_MAX_QUEUE_SIZE", "lots"),
        ],
        &[
            ENDPOINT,
            ("OTEL_SDK_DISABLED", "true"),
            ("OTEL_TRACES_SAMPLER", "?"),
        ],
        &[
            ENDPOINT,
            ("OTEL_TRACES_EXPORTER", "none"),
            ("OTEL_METRICS_EXPORTER", "none"),
        ],
    ] {
        assert_eq!(read(variables), Ok(Plan::nothing()), "{variables:?}");
    }
}

#[test]
fn a_collector_gets_both_and_the_usual_bounds() {
    let plan = with_endpoint(&[]).unwrap();
    let target = plan.traces.clone().unwrap();
    assert_eq!(plan.metrics.as_ref(), Some(&target));
    assert_eq!(target.endpoint, "http://collector:4317/");
    assert_eq!(target.timeout, Duration::from_secs(10));
    assert_eq!((plan.batch, plan.interval.as_secs()), (Batch::DEFAULT, 60));
    let all = Sampling {
        parent_based: true,
        ratio: 1.0,
    };
    assert_eq!(plan.sampling, all);
}

#[test]
fn the_setting_goes_before_the_variables() {
    let export = Export {
        otlp_endpoint: Some("http://ours:1".to_owned()),
        transcripts: false,
    };
    let plan = Plan::read(&export, &Variables::of([ENDPOINT])).unwrap();
    assert_eq!(plan.traces.unwrap().endpoint, "http://ours:1/");
    let export = Export {
        otlp_endpoint: Some("ftp://ours".to_owned()),
        transcripts: false,
    };
    let error = Plan::read(&export, &Variables::default()).unwrap_err();
    assert!(
        error.to_string().contains("telemetry.otlp_endpoint"),
        "{error}"
    );
}

#[test]
fn signals_can_go_apart() {
    let plan = with_endpoint(&[
        ("OTEL_EXPORTER_OTLP_METRICS_ENDPOINT", "http://other:4317"),
        ("OTEL_EXPORTER_OTLP_TRACES_TIMEOUT", "250"),
    ])
    .unwrap();
    assert_eq!(plan.traces.unwrap().timeout.as_millis(), 250);
    assert_eq!(plan.metrics.unwrap().endpoint.host(), Some("other"));
    let plan = with_endpoint(&[("OTEL_METRICS_EXPORTER", "prometheus")]).unwrap();
    assert!(plan.traces.is_some() && plan.metrics.is_none());
}

#[test]
fn an_address_without_a_scheme_is_secure_unless_told_otherwise() {
    for (value, insecure, expect) in [
        ("collector:4317", "", "https"),
        ("collector:4317", "true", "http"),
        ("http://collector:4317", "false", "http"),
        ("https://collector", "true", "https"),
    ] {
        let plan = read(&[
            ("OTEL_EXPORTER_OTLP_ENDPOINT", value),
            ("OTEL_EXPORTER_OTLP_INSECURE", insecure),
        ]);
        let target = plan.unwrap().traces.unwrap();
        assert_eq!(
            target.endpoint.scheme_str(),
            Some(expect),
            "{value} {insecure}"
        );
        assert_eq!(target.is_tls(), expect == "https");
    }
}

#[test]
fn samplers_are_the_specifications() {
    for (sampler, arg, parent_based, ratio) in [
        ("always_on", "", false, 1.0),
        ("always_off", "", false, 0.0),
        ("traceidratio", "0.25", false, 0.25),
        ("parentbased_always_on", "0.5", true, 1.0),
        ("parentbased_always_off", "", true, 0.0),
        ("parentbased_traceidratio", "0.1", true, 0.1),
        ("parentbased_traceidratio", "", true, 1.0),
    ] {
        let plan = with_endpoint(&[
            ("OTEL_TRACES_SAMPLER", sampler),
            ("OTEL_TRACES_SAMPLER_ARG", arg),
        ]);
        let expect = Sampling {
            parent_based,
            ratio,
        };
        assert_eq!(plan.unwrap().sampling, expect, "{sampler} {arg}");
    }
}

#[test]
fn batches_and_certificates_are_taken() {
    let plan = with_endpoint(&[
        ("OTEL_BSP_MAX_QUEUE_SIZE", "64"),
        ("OTEL_BSP_SCHEDULE_DELAY", "100"),
        ("OTEL_METRIC_EXPORT_INTERVAL", "1000"),
        ("OTEL_EXPORTER_OTLP_CERTIFICATE", "/ca.pem"),
        ("OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE", "/me.pem"),
        ("OTEL_EXPORTER_OTLP_CLIENT_KEY", "/me.key"),
    ])
    .unwrap();
    let batch = Batch {
        queue: 64,
        size: 64,
        delay: Duration::from_millis(100),
    };
    assert_eq!((plan.batch, plan.interval.as_secs()), (batch, 1));
    let target = plan.traces.unwrap();
    assert_eq!(target.ca, Some("/ca.pem".into()));
    assert_eq!(target.client, Some(("/me.pem".into(), "/me.key".into())));
}

#[test]
fn what_makes_no_sense_is_named() {
    for (name, value) in [
        ("OTEL_SDK_DISABLED", "perhaps"),
        ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "two words"),
        ("OTEL_EXPORTER_OTLP_METRICS_ENDPOINT", "file:///tmp/x"),
        ("OTEL_EXPORTER_OTLP_PROTOCOL", "http/protobuf"),
        ("OTEL_EXPORTER_OTLP_COMPRESSION", "gzip"),
        ("OTEL_EXPORTER_OTLP_TIMEOUT", "10s"),
        ("OTEL_EXPORTER_OTLP_TIMEOUT", "0"),
        ("OTEL_EXPORTER_OTLP_HEADERS", "no-equals"),
        ("OTEL_EXPORTER_OTLP_INSECURE", "1"),
        ("OTEL_EXPORTER_OTLP_CLIENT_KEY", "/alone.key"),
        ("OTEL_TRACES_EXPORTER", "zipkin"),
        ("OTEL_METRICS_EXPORTER", "console"),
        ("OTEL_TRACES_SAMPLER", "xray"),
        ("OTEL_PROPAGATORS", "b3"),
        ("OTEL_BSP_MAX_QUEUE_SIZE", "0"),
        ("OTEL_BSP_MAX_EXPORT_BATCH_SIZE", "4096"),
        ("OTEL_BSP_SCHEDULE_DELAY", "soon"),
        ("OTEL_BSP_EXPORT_TIMEOUT", "-1"),
        ("OTEL_METRIC_EXPORT_INTERVAL", "1m"),
        ("OTEL_SPAN_EVENT_COUNT_LIMIT", "many"),
        (
            "OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE",
            "eternal",
        ),
        ("OTEL_RESOURCE_ATTRIBUTES", "nonsense"),
    ] {
        let error = with_endpoint(&[(name, value)]).unwrap_err();
        assert!(error.contains(name), "{name}={value}: {error}");
    }
    for value in ["half", "1.5", "NaN"] {
        let error = with_endpoint(&[
            ("OTEL_TRACES_SAMPLER", "traceidratio"),
            ("OTEL_TRACES_SAMPLER_ARG", value),
        ]);
        let error = error.unwrap_err();
        assert!(
            error.contains("OTEL_TRACES_SAMPLER_ARG"),
            "{value}: {error}"
        );
    }
}

/// Every variable that is read where something is sent.
const NAMES: [&str; 20] = [
    "OTEL_SDK_DISABLED",
    "OTEL_SERVICE_NAME",
    "OTEL_RESOURCE_ATTRIBUTES",
    "OTEL_EXPORTER_OTLP_ENDPOINT",
    "OTEL_EXPORTER_OTLP_PROTOCOL",
    "OTEL_EXPORTER_OTLP_COMPRESSION",
    "OTEL_EXPORTER_OTLP_TIMEOUT",
    "OTEL_EXPORTER_OTLP_HEADERS",
    "OTEL_EXPORTER_OTLP_INSECURE",
    "OTEL_EXPORTER_OTLP_CERTIFICATE",
    "OTEL_EXPORTER_OTLP_CLIENT_KEY",
    "OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE",
    "OTEL_TRACES_EXPORTER",
    "OTEL_METRICS_EXPORTER",
    "OTEL_TRACES_SAMPLER",
    "OTEL_BSP_SCHEDULE_DELAY",
    "OTEL_BSP_MAX_QUEUE_SIZE",
    "OTEL_BSP_MAX_EXPORT_BATCH_SIZE",
    "OTEL_METRIC_EXPORT_INTERVAL",
    "OTEL_PROPAGATORS",
];

proptest! {
    /// Whatever a variable holds, it is taken or named; and what waits stays bounded.
    #[test]
    fn any_value_is_taken_or_named(
        name in proptest::sample::select(&NAMES[..]),
        value in "[ -~ä]{0,40}|[0-9]{1,20}|[a-z_]{1,24}",
    ) {
        match with_endpoint(&[(name, &value)]) {
            Ok(plan) => {
                prop_assert!((1..=65_536).contains(&plan.batch.queue));
                prop_assert!(plan.batch.size <= plan.batch.queue);
                prop_assert!((0.0..=1.0).contains(&plan.sampling.ratio));
            }
            Err(error) => prop_assert!(error.contains(name), "{name}={value}: {error}"),
        }
    }
}
