//! Every metric that Hark has: one table. Instruments are made from its rows and from
//! nothing else, and `docs/metrics.md` is written from it.

use std::fmt::Write as _;

/// A metric.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Instrument {
    /// Its name in OpenTelemetry.
    pub name: &'static str,
    /// What it does with what it is told.
    pub kind: Kind,
    /// What it counts or measures, as UCUM writes it.
    pub unit: &'static str,
    /// What tells its series apart. No value is ever a word that was spoken.
    pub attributes: &'static [Attribute],
    /// What it says, in a sentence.
    pub description: &'static str,
}

/// What tells the series of a metric apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Attribute {
    /// Its name in OpenTelemetry.
    pub name: &'static str,
    /// Which values it has.
    pub values: &'static str,
}

/// What an instrument does with what it is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Adds up, and never goes down.
    Counter,
    /// Goes up and down by what is added.
    UpDownCounter,
    /// Is what was last told.
    Gauge,
    /// Counts by size.
    Histogram,
}

impl Kind {
    /// Its name in the documentation.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Counter => "counter",
            Self::UpDownCounter => "up-down counter",
            Self::Gauge => "gauge",
            Self::Histogram => "histogram",
        }
    }
}

impl Instrument {
    /// Its name in Prometheus, as the exporter makes it: dots are underscores, seconds
    /// and a counter's total are suffixes.
    pub fn prometheus(&self) -> String {
        let mut name = self.name.replace('.', "_");
        if self.unit == "s" {
            name.push_str("_seconds");
        }
        if self.kind == Kind::Counter {
            name.push_str("_total");
        }
        name
    }
}

const fn of(
    name: &'static str,
    kind: Kind,
    unit: &'static str,
    attributes: &'static [Attribute],
    description: &'static str,
) -> Instrument {
    Instrument {
        name,
        kind,
        unit,
        attributes,
        description,
    }
}

const fn by(name: &'static str, values: &'static str) -> Attribute {
    Attribute { name, values }
}

/// Calls that a server answered.
pub const RPC_SERVER_CALL_DURATION: Instrument = of(
    "rpc.server.call.duration",
    Kind::Histogram,
    "s",
    &[
        by("rpc.system.name", "`grpc`"),
        by("rpc.method", "`package.Service/Method`, or `unknown`"),
        by(
            "rpc.response.status_code",
            "gRPC's names: `OK`, `UNAVAILABLE`, …",
        ),
    ],
    "How long calls took, streams to their end.",
);

/// The server's certificate.
pub const SERVER_CERTIFICATE_REMAINING: Instrument = of(
    "hark.server.certificate.remaining",
    Kind::Gauge,
    "s",
    &[],
    "How long the server's certificate still counts; 0 once it has expired. Only with TLS.",
);

/// Connections that are open.
pub const SERVER_CONNECTIONS: Instrument = of(
    "hark.server.connections",
    Kind::UpDownCounter,
    "{connection}",
    &[],
    "Connections that are open.",
);

/// Connections that were closed at once.
pub const SERVER_CONNECTIONS_REJECTED: Instrument = of(
    "hark.server.connections.rejected",
    Kind::Counter,
    "{connection}",
    &[by(
        "reason",
        "the limit reached: `total`, `per_ip`, `handshakes`",
    )],
    "Connections that were closed at once, by the limit reached.",
);

/// Streams of speech that are open.
pub const ASR_STREAMS: Instrument = of(
    "hark.asr.streams",
    Kind::UpDownCounter,
    "{stream}",
    &[],
    "Streams of speech that are open.",
);

/// Utterances that were answered.
pub const ASR_UTTERANCES: Instrument = of(
    "hark.asr.utterances",
    Kind::Counter,
    "{utterance}",
    &[by(
        "outcome",
        "`done`, `question`, `not_understood`, `refused`, `error`, `unknown`, `words_only`",
    )],
    "Utterances that were answered, by outcome.",
);

/// Utterances that ended.
pub const ASR_ENDPOINTS: Instrument = of(
    "hark.asr.endpoints",
    Kind::Counter,
    "{utterance}",
    &[by("reason", "why the utterance was taken to have ended")],
    "Utterances that ended, by why.",
);

/// How long people spoke.
pub const ASR_SPEECH_DURATION: Instrument = of(
    "hark.asr.speech.duration",
    Kind::Histogram,
    "s",
    &[],
    "How long people spoke, from the first speech of an utterance to the last.",
);

/// How long each stage took.
pub const ASR_STAGE_DURATION: Instrument = of(
    "hark.asr.stage.duration",
    Kind::Histogram,
    "s",
    &[by(
        "stage",
        "`queue`, `encode`, `decode`, `intent`, `action`, `total`",
    )],
    "How long each stage of an utterance took, as ingest saw it.",
);

/// Transcriptions asked for.
pub const ASR_REQUESTS: Instrument = of(
    "hark.asr.requests",
    Kind::Counter,
    "{request}",
    &[
        by(
            "class",
            "how urgent: `final`, `speculative`, `partial`, `dictation`",
        ),
        by(
            "outcome",
            "`ok`, `overloaded`, `shed`, `deadline_exceeded`, `cancelled`, `broken`, `invalid`, `closed`",
        ),
    ],
    "Transcriptions that a worker was asked for, by what came of them.",
);

/// Utterances that wait for the engine.
pub const ASR_QUEUE_LENGTH: Instrument = of(
    "hark.asr.queue.length",
    Kind::Gauge,
    "{utterance}",
    &[],
    "Utterances that wait for the engine.",
);

/// Waiting for the engine.
pub const ASR_QUEUE_WAIT: Instrument = of(
    "hark.asr.queue.wait",
    Kind::Histogram,
    "s",
    &[],
    "How long an utterance waited for the engine.",
);

/// Features and encoder.
pub const ASR_ENCODE: Instrument = of(
    "hark.asr.encode",
    Kind::Histogram,
    "s",
    &[],
    "Features and encoder of an utterance.",
);

/// Decoder.
pub const ASR_DECODE: Instrument = of(
    "hark.asr.decode",
    Kind::Histogram,
    "s",
    &[],
    "Decoder of an utterance.",
);

/// Processes of engines.
pub const ASR_ENGINE_STARTS: Instrument = of(
    "hark.asr.engine.starts",
    Kind::Counter,
    "{process}",
    &[by(
        "engine",
        "the engine that has a process of its own: `whisper-cpp`",
    )],
    "Processes of an engine that were started: the first, and one for each that ended.",
);

/// Sentences.
pub const INTENT_HANDLED: Instrument = of(
    "hark.intent.handled",
    Kind::Counter,
    "{sentence}",
    &[
        by("intent", "the intent's name, or `none`"),
        by("outcome", "as of `hark.asr.utterances`"),
        by(
            "replayed",
            "`true` where the recorded outcome was given again",
        ),
    ],
    "Sentences, by intent, outcome, and whether it was a replay.",
);

/// Understanding a sentence.
pub const INTENT_UNDERSTAND: Instrument = of(
    "hark.intent.understand",
    Kind::Histogram,
    "s",
    &[],
    "Understanding a sentence.",
);

/// Acting on a sentence.
pub const INTENT_ACT: Instrument = of(
    "hark.intent.act",
    Kind::Histogram,
    "s",
    &[],
    "Acting on a sentence, the ledger's commit included.",
);

/// Commands to devices.
pub const DEVICE_COMMANDS: Instrument = of(
    "hark.device.commands",
    Kind::Counter,
    "{command}",
    &[by("ok", "`true` where it was carried out")],
    "Commands to devices, by whether they were carried out.",
);

/// Every metric that there is.
pub const TABLE: &[Instrument] = &[
    RPC_SERVER_CALL_DURATION,
    SERVER_CONNECTIONS,
    SERVER_CONNECTIONS_REJECTED,
    SERVER_CERTIFICATE_REMAINING,
    ASR_STREAMS,
    ASR_UTTERANCES,
    ASR_ENDPOINTS,
    ASR_SPEECH_DURATION,
    ASR_STAGE_DURATION,
    ASR_REQUESTS,
    ASR_QUEUE_LENGTH,
    ASR_QUEUE_WAIT,
    ASR_ENCODE,
    ASR_DECODE,
    ASR_ENGINE_STARTS,
    INTENT_HANDLED,
    INTENT_UNDERSTAND,
    INTENT_ACT,
    DEVICE_COMMANDS,
];

/// The table as Markdown: one row a metric, then what each attribute can be.
pub fn markdown() -> String {
    let mut text = String::from(
        "| OpenTelemetry | Prometheus | kind | unit | attributes | what |\n\
         | --- | --- | --- | --- | --- | --- |\n",
    );
    for row in TABLE {
        let attributes: Vec<_> = row
            .attributes
            .iter()
            .map(|a| format!("`{}`", a.name))
            .collect();
        // Writing to a text can't fail.
        let _ = writeln!(
            text,
            "| `{}` | `{}` | {} | {} | {} | {} |",
            row.name,
            row.prometheus(),
            row.kind.as_str(),
            row.unit,
            attributes.join(", "),
            row.description
        );
    }
    text.push_str("\n| of | attribute | values |\n| --- | --- | --- |\n");
    for row in TABLE {
        for attribute in row.attributes {
            let (of, name, values) = (row.name, attribute.name, attribute.values);
            let _ = writeln!(text, "| `{of}` | `{name}` | {values} |");
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn names_are_distinct_and_of_one_form() {
        let names: BTreeSet<_> = TABLE.iter().map(|i| i.name).collect();
        assert_eq!(names.len(), TABLE.len());
        for row in TABLE {
            let ours = row.name.starts_with("hark.") || row.name.starts_with("rpc.");
            let plain = |c: char| c.is_ascii_lowercase() || c == '.' || c == '_';
            assert!(ours && row.name.chars().all(plain), "{}", row.name);
            assert!(row.description.ends_with('.'), "{}", row.name);
            let counted = row.unit.starts_with('{') && row.unit.ends_with('}');
            // Histograms have one set of bounds, which are seconds.
            let timed = row.kind != Kind::Histogram || row.unit == "s";
            assert!(timed, "{}", row.name);
            assert!(counted || row.unit == "s", "{}", row.name);
        }
    }

    #[test]
    fn names_in_prometheus_are_the_exporters() {
        for (row, expect) in [
            (ASR_QUEUE_WAIT, "hark_asr_queue_wait_seconds"),
            (ASR_UTTERANCES, "hark_asr_utterances_total"),
            (ASR_QUEUE_LENGTH, "hark_asr_queue_length"),
        ] {
            assert_eq!(row.prometheus(), expect);
        }
    }

    #[test]
    fn every_row_and_attribute_is_documented() {
        let text = markdown();
        for row in TABLE {
            assert!(text.contains(&format!("| `{}` |", row.prometheus())));
            for attribute in row.attributes {
                let line = format!("| `{}` | `{}` |", row.name, attribute.name);
                assert!(text.contains(&line), "{line}");
            }
        }
    }
}
