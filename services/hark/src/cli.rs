//! What a person may type.

pub mod access;
mod bench;
pub mod certs;
mod doctor;
pub mod eval;
mod intents;
pub mod model;
mod nodes;
mod paper;
mod store;

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};
use hark_core::{Language, SessionId, SpeakerId};

pub use bench::Bench;
pub use doctor::Doctor;
pub use eval::Eval;
pub use intents::{CheckIntents, Intents, IntentsCommand, ListIntents, SampleIntents, TestIntents};
pub use nodes::{Drain, Nodes};
pub use paper::{Completions, Man};
pub use store::{Store as StoreArgs, StoreCommand, Where};

/// Voice control that a house owns.
///
/// Hark hears its speakers, understands them with Whisper, and acts on the home, all on
/// machines of your own.
#[derive(Debug, Parser)]
#[command(name = "hark", version, after_help = EXAMPLES)]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

const EXAMPLES: &str = "\
Examples:
  hark demo                                  see it work, in a minute
  hark up                                    run Hark for this house
  hark say lamp.wav --lang de                speak a recording to it
  hark text 'turn on the hallway light'      type instead of speaking
  hark devices --watch                       see what changes

Exit status: 0 done, 2 not understood (or a question came back), 3 refused, 1 any other
error, also on the command line. To stop reading (| head) is no error.";

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Run all of Hark in this process, until it is told to end
    Up(Up),
    /// Speak recordings to a Hark that runs
    Say(Say),
    /// Type a sentence instead of speaking it
    Text(Text),
    /// Judge, check, list and sample the sentences that are understood
    Intents(Intents),
    /// Turn recordings into words; needs no Hark that runs
    Transcribe(Transcribe),
    /// List the devices and their states
    Devices(Devices),
    /// List the areas of the home
    Areas(List),
    /// List the timers that run
    Timers(Watch),
    /// Let speakers in: give them tokens, list them, take them back
    Speakers(access::Speakers),
    /// Let people and their programs in
    People(access::People),
    /// Make the house's certificates: its authority, and those of nodes and speakers
    Certs(certs::Certs),
    /// Show what a Hark that runs is, and how it does
    Status(List),
    /// List the nodes: every process of the house, and how it does
    Nodes(Nodes),
    /// Take a node out of service without losing an utterance
    Drain(Drain),
    /// Show, check and document settings
    Config(Config),
    /// Export, import, move and check what the house keeps
    Store(StoreArgs),
    /// List, check, get and convert models
    Model(model::Model),
    /// Start Hark for a minute and speak to it: six sentences, and the lamp goes on
    Demo(Demo),
    /// Look for what is wrong on this machine, and say what to do
    Doctor(Doctor),
    /// Measure how fast this machine hears, and how many rooms it serves
    Bench(Bench),
    /// Measure how well models hear: error rates, intents, words that nobody said
    Eval(Box<Eval>),
    /// Print what a shell needs to complete commands
    Completions(Completions),
    /// Print the manual page, or write one for each command
    Man(Man),
    /// Be the engine's own process, which Hark starts by itself
    #[command(hide = true, name = hark_inference::apart::SUBCOMMAND)]
    Engine,
}

/// `hark up`.
#[derive(Debug, Clone, Default, Args)]
#[command(after_help = UP_EXAMPLES)]
pub struct Up {
    /// The settings that flags don't give
    #[command(flatten)]
    pub settings: Settings,
    /// Write the addresses here as JSON once everything is ready, and remove it at the end
    #[arg(long, value_name = "FILE")]
    pub ready_file: Option<PathBuf>,
}

const UP_EXAMPLES: &str = "\
Examples:
  hark up                                    on 127.0.0.1:7700, state in ~/.local/share/hark
  hark up --config hark.toml                 with settings (hark config print shows them all)
  HARK__LOG__FILTER=debug hark up            any setting can come from the environment
  hark up --store etcd --etcd-endpoints http://a:2379,http://b:2379,http://c:2379
  hark up --model ~/models/ggml-base.bin     with a Whisper model of whisper.cpp's format

Once it is ready, it prints one line to stdout: listening on 127.0.0.1:7700";

/// Settings of the whole, as flags.
#[derive(Debug, Clone, Default, Args)]
pub struct Settings {
    /// Settings, in TOML
    #[arg(long, value_name = "FILE", env = "HARK_CONFIG")]
    pub config: Option<PathBuf>,
    /// Where speakers and people reach it [default: 127.0.0.1:7700]
    #[arg(long, value_name = "HOST:PORT")]
    pub listen: Option<String>,
    /// Where metrics and health are served [default: 127.0.0.1:7701]
    #[arg(long, value_name = "HOST:PORT")]
    pub admin_listen: Option<String>,
    /// Where state is kept [default: $XDG_DATA_HOME/hark]
    #[arg(long, value_name = "DIR")]
    pub data_dir: Option<PathBuf>,
    /// What keeps the state [default: redb]
    #[arg(long, value_enum)]
    pub store: Option<Store>,
    /// The members of the etcd that `--store etcd` means [default: http://127.0.0.1:2379]
    #[arg(long, value_name = "URL,URL", value_delimiter = ',')]
    pub etcd_endpoints: Vec<String>,
    /// The home, in TOML [default: a built-in one with a hallway and eight more areas]
    #[arg(long, value_name = "FILE")]
    pub home: Option<PathBuf>,
    /// The Whisper model: a name, or a folder or file with a slash in it [default: auto, the
    /// best that is there and that this machine bears]
    #[arg(long, value_name = "NAME|DIR|FILE")]
    pub model: Option<String>,
    /// What runs the model
    #[arg(long, value_enum)]
    pub engine: Option<Engine>,
    /// What the model listens to [default: card]
    #[arg(long, value_enum)]
    pub context: Option<Context>,
}

/// What keeps the state.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Store {
    /// A file in the folder for state, for one machine
    Redb,
    /// An etcd, for more than one machine
    Etcd,
    /// Nothing outlives the process; for tests
    Memory,
}

/// What turns audio into words.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Engine {
    /// Whisper on this machine's processor
    Candle,
    /// Whisper on whisper.cpp, in a process of its own
    WhisperCpp,
    /// Hears nothing, says what `inference.fake_transcript` says; for tests
    Fake,
}

impl Engine {
    /// Its name in settings.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Candle => "candle",
            Self::WhisperCpp => "whisper-cpp",
            Self::Fake => "fake",
        }
    }
}

impl From<Engine> for hark_inference::EngineKind {
    fn from(engine: Engine) -> Self {
        match engine {
            Engine::Candle => Self::Candle,
            Engine::WhisperCpp => Self::WhisperCpp,
            Engine::Fake => Self::Fake,
        }
    }
}

/// What a model listens to.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub enum Context {
    /// What its card says; without a card, all of 30 s
    #[default]
    Card,
    /// All of 30 s, whatever is said
    Full,
    /// The audio and some silence: faster, for OpenAI's weights
    SilenceTail,
}

impl Context {
    /// Its name in settings.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Card => "card",
            Self::Full => "full",
            Self::SilenceTail => "silence-tail",
        }
    }
}

impl From<Context> for hark_inference::Listens {
    fn from(context: Context) -> Self {
        match context {
            Context::Card => Self::Card,
            Context::Full => Self::Full,
            Context::SilenceTail => Self::SilenceTail,
        }
    }
}

/// How to reach a Hark that runs.
#[derive(Debug, Clone, Args)]
pub struct Connection {
    /// Its address; several are tried in turn. With --ca-file it is reached over TLS
    #[arg(
        long,
        value_name = "HOST:PORT",
        env = "HARK_SERVER",
        default_value = "127.0.0.1:7700",
        value_delimiter = ','
    )]
    pub server: Vec<String>,
    /// A file with the token that proves who you are [default on this machine: the
    /// owner's, if you may read it]
    #[arg(long, value_name = "FILE", env = "HARK_TOKEN_FILE")]
    pub token_file: Option<PathBuf>,
    /// The certificate of the house's authority, by which the server is checked
    #[arg(long, value_name = "FILE", env = "HARK_CA_FILE")]
    pub ca_file: Option<PathBuf>,
    /// A certificate that proves who you are; with its key
    #[arg(long, value_name = "FILE", env = "HARK_CERT_FILE")]
    pub cert_file: Option<PathBuf>,
    /// The key of that certificate
    #[arg(long, value_name = "FILE", env = "HARK_KEY_FILE")]
    pub key_file: Option<PathBuf>,
}

/// Who speaks, where, and in which session.
#[derive(Debug, Clone, Args)]
pub struct Speaker {
    /// The speaker that it stands for
    #[arg(long, value_name = "ID", value_parser = SpeakerId::parse)]
    pub speaker: Option<SpeakerId>,
    /// The room that commands without a room are for: its id or name
    #[arg(long, value_name = "AREA")]
    pub area: Option<String>,
    /// The language it is said in, like de or en-GB [default: the home's]
    #[arg(long, value_name = "TAG", value_parser = Language::parse)]
    pub lang: Option<Language>,
    /// The session: the same one and ordinal again do nothing twice [default: a new one]
    #[arg(long, value_name = "UUID", value_parser = SessionId::parse)]
    pub session: Option<SessionId>,
    /// The number of the first utterance in the session
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub ordinal: u32,
}

/// `hark say`.
#[derive(Debug, Clone, Args)]
#[command(after_help = SAY_EXAMPLES)]
pub struct Say {
    /// Recordings: WAV, FLAC or Ogg Opus, at most 30 s each
    #[arg(required = true, value_name = "FILE")]
    pub files: Vec<PathBuf>,
    /// Who speaks
    #[command(flatten)]
    pub speaker: Speaker,
    /// The Hark that is asked
    #[command(flatten)]
    pub connection: Connection,
    /// Send it as fast as it was spoken, like a speaker in a room
    #[arg(long)]
    pub realtime: bool,
    /// Print one JSON object for each utterance
    #[arg(long)]
    pub json: bool,
}

const SAY_EXAMPLES: &str = "\
Examples:
  espeak-ng -v de -w lamp.wav 'Schalte das Licht im Flur ein'
  hark say lamp.wav --lang de
  hark say lamp.wav --lang de --json | jq .reply.text
  hark say here.wav --area kitchen           \"turn on the light\" means the kitchen's

Exit status: that of the worst utterance; 0 done, 2 not understood, 3 refused, 1 error.";

/// `hark text`.
#[derive(Debug, Clone, Args)]
#[command(after_help = TEXT_EXAMPLES)]
pub struct Text {
    /// The sentence; without one, lines are read, one sentence each
    #[arg(value_name = "SENTENCE")]
    pub sentence: Option<String>,
    /// Show everything that it could mean, with scores, and do nothing; needs no Hark that
    /// runs
    #[arg(long, alias = "dry-run")]
    pub explain: bool,
    /// With --explain: the sentences [default: those that come with Hark]
    #[arg(long, value_name = "DIR", requires = "explain")]
    pub sentences: Option<PathBuf>,
    /// With --explain: the home, in TOML [default: the built-in one]
    #[arg(long, value_name = "FILE", requires = "explain")]
    pub home: Option<PathBuf>,
    /// Who speaks
    #[command(flatten)]
    pub speaker: Speaker,
    /// The Hark that is asked
    #[command(flatten)]
    pub connection: Connection,
    /// Print one JSON object
    #[arg(long)]
    pub json: bool,
}

const TEXT_EXAMPLES: &str = "\
Examples:
  hark text 'Schalte das Licht im Flur ein'
  hark text 'set a timer for five minutes' --lang en
  hark text 'is the garage door open' --lang en --json
  hark text                                  type one sentence after another
  hark text 'Licht im Fluhr an' --explain    what it could mean, without doing it

Exit status: 0 done, 2 not understood, 3 refused, 1 error.";

/// `hark transcribe`.
#[derive(Debug, Clone, Args)]
#[command(after_help = TRANSCRIBE_EXAMPLES)]
pub struct Transcribe {
    /// Recordings: WAV, FLAC or Ogg Opus, at most 30 s each
    #[arg(required = true, value_name = "FILE")]
    pub files: Vec<PathBuf>,
    /// The Whisper model: a name, or a folder or file with a slash in it [default: auto, the
    /// best that is there and that this machine bears]
    #[arg(long, value_name = "NAME|DIR|FILE")]
    pub model: Option<String>,
    /// What runs the model
    #[arg(long, value_enum, default_value_t = Engine::Candle)]
    pub engine: Engine,
    /// What the model listens to [default: card]
    #[arg(long, value_enum)]
    pub context: Option<Context>,
    /// The language it is said in, like de or en-GB [default: found out]
    #[arg(long, value_name = "TAG", value_parser = Language::parse)]
    pub lang: Option<Language>,
    /// Print one JSON object for each file
    #[arg(long)]
    pub json: bool,
}

const TRANSCRIBE_EXAMPLES: &str = "\
Examples:
  hark transcribe lamp.wav --lang de
  hark transcribe *.wav --model ~/models/ggml-base.bin --json

Exit status: 0 done, 2 if a file had no words in it, 1 error.";

/// Calls that list something once.
#[derive(Debug, Clone, Args)]
pub struct List {
    /// The Hark that is asked
    #[command(flatten)]
    pub connection: Connection,
    /// Print JSON, one object a line
    #[arg(long)]
    pub json: bool,
}

/// `hark devices`.
#[derive(Debug, Clone, Args)]
pub struct Devices {
    /// Only those of this area: its id or name
    #[arg(long, value_name = "AREA")]
    pub area: Option<String>,
    /// What is listed, and how
    #[command(flatten)]
    pub watch: Watch,
}

/// Calls that list something once or as it changes.
#[derive(Debug, Clone, Args)]
pub struct Watch {
    /// What is listed
    #[command(flatten)]
    pub list: List,
    /// Go on, and print what changes
    #[arg(long)]
    pub watch: bool,
}

/// `hark config`.
#[derive(Debug, Clone, Args)]
#[command(after_help = CONFIG_EXAMPLES)]
pub struct Config {
    /// What about them.
    #[command(subcommand)]
    pub what: ConfigCommand,
}

const CONFIG_EXAMPLES: &str = "\
Settings come from defaults, then a TOML file, then the environment, then flags; each
overrides what came before. HARK__SERVER__LISTEN is server.listen.

Examples:
  hark config print > hark.toml              all settings that have a default
  hark config check --config hark.toml       is it right?
  hark config schema > hark.schema.json      for an editor";

/// What about settings.
#[derive(Debug, Clone, Subcommand)]
pub enum ConfigCommand {
    /// Print all settings as they would be used, as TOML
    Print(Settings),
    /// Check the settings, and say what is wrong
    Check(Settings),
    /// Print the JSON schema of the settings
    Schema,
}

/// `hark demo`.
#[derive(Debug, Clone, Args)]
pub struct Demo {
    /// The Whisper model: a name, or a folder or file with a slash in it [default: auto, the
    /// best that is there and that this machine bears]
    #[arg(long, value_name = "NAME|DIR|FILE")]
    pub model: Option<String>,
    /// Play the clips as fast as they were spoken
    #[arg(long)]
    pub realtime: bool,
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;

    #[test]
    fn the_command_line_makes_sense() {
        Cli::command().debug_assert();
    }

    #[test]
    fn what_can_not_be_is_explained() {
        for (line, part) in [
            (vec!["hark", "say"], "FILE"),
            (vec!["hark", "text", "x", "--lang", "klingonisch"], "BCP-47"),
            (vec!["hark", "text", "x", "--session", "kitchen"], "UUID"),
            (
                vec!["hark", "text", "x", "--speaker", "a/b"],
                "a speaker id",
            ),
            (vec!["hark", "text", "x", "--ordinal=-1"], "--ordinal"),
        ] {
            let error = Cli::try_parse_from(&line).unwrap_err().to_string();
            assert!(error.contains(part), "{line:?}: {error}");
        }
    }

    #[test]
    fn several_servers_can_be_named() {
        let cli = Cli::try_parse_from(["hark", "status", "--server", "a:1,b:2"]).unwrap();
        let Command::Status(list) = cli.command else {
            panic!("not status");
        };
        assert_eq!(list.connection.server, ["a:1", "b:2"]);
    }
}
