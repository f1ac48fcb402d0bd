//! What a person may type about who may come in.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use hark_core::credentials::Serial;
use hark_core::{AreaId, CredentialId, PrincipalId};

use super::{Connection, List};

/// `hark speakers`.
#[derive(Debug, Clone, Args)]
#[command(after_help = SPEAKERS_EXAMPLES)]
pub struct Speakers {
    /// What about them.
    #[command(subcommand)]
    pub what: SpeakersCommand,
}

const SPEAKERS_EXAMPLES: &str = "\
Examples:
  hark speakers add kitchen --area kitchen > kitchen.token
  hark speakers list
  hark speakers revoke kitchen               its tokens and its certificates

Only a person or a node may do that. On the machine where Hark runs, the token of the
owner is found by itself; elsewhere name one with --token-file, or a certificate.";

/// What about speakers.
#[derive(Debug, Clone, Subcommand)]
pub enum SpeakersCommand {
    /// Let a speaker in: prints a token, once
    Add(AddSpeaker),
    /// List the tokens of speakers
    List(List),
    /// Let a speaker in no more: its tokens, and its certificates issued until now
    Revoke(Revoke),
}

/// `hark people`.
#[derive(Debug, Clone, Args)]
#[command(after_help = PEOPLE_EXAMPLES)]
pub struct People {
    /// What about them.
    #[command(subcommand)]
    pub what: PeopleCommand,
}

const PEOPLE_EXAMPLES: &str = "\
Examples:
  hark people add anna --out anna.token      for Anna, or a program that acts for her
  hark people list
  hark people revoke anna

A person may do what a speaker may not: open the garage, and let others in.";

/// What about people.
#[derive(Debug, Clone, Subcommand)]
pub enum PeopleCommand {
    /// Let a person in: prints a token, once
    Add(Add),
    /// List the tokens of people
    List(List),
    /// Let a person in no more: the tokens, and the certificates issued until now
    Revoke(Revoke),
}

/// `hark speakers add`.
#[derive(Debug, Clone, Args)]
pub struct AddSpeaker {
    /// The room that it stands in: the area's id (hark areas lists them). It can't claim
    /// another then
    #[arg(long, value_name = "AREA", value_parser = AreaId::parse)]
    pub area: Option<AreaId>,
    /// Who, and for how long
    #[command(flatten)]
    pub add: Add,
}

/// `hark people add`.
#[derive(Debug, Clone, Args)]
pub struct Add {
    /// Who
    #[arg(value_name = "NAME", value_parser = PrincipalId::parse)]
    pub name: PrincipalId,
    /// The token counts for so long [default: until it is revoked]
    #[arg(long, value_name = "DAYS", value_parser = clap::value_parser!(u32).range(1..=36_500))]
    pub days: Option<u32>,
    /// Write the token into this new file, which nobody else may read
    #[arg(long, value_name = "FILE")]
    pub out: Option<PathBuf>,
    /// The Hark that is asked
    #[command(flatten)]
    pub connection: Connection,
    /// Print one JSON object
    #[arg(long)]
    pub json: bool,
}

/// `hark speakers revoke`, `hark people revoke`.
#[derive(Debug, Clone, Args)]
pub struct Revoke {
    /// Who
    #[arg(value_name = "NAME", value_parser = PrincipalId::parse)]
    pub name: PrincipalId,
    /// Only this token of theirs (its id, as the list shows it)
    #[arg(long, value_name = "ID", value_parser = CredentialId::parse)]
    pub credential: Option<CredentialId>,
    /// The Hark that is asked
    #[command(flatten)]
    pub connection: Connection,
    /// Print one JSON object
    #[arg(long)]
    pub json: bool,
}

/// `hark certs revoke`.
#[derive(Debug, Clone, Args)]
pub struct RevokeCertificate {
    /// Its serial number (hark certs list shows it)
    #[arg(value_name = "SERIAL", value_parser = Serial::parse)]
    pub serial: Serial,
    /// The Hark that is asked
    #[command(flatten)]
    pub connection: Connection,
}
