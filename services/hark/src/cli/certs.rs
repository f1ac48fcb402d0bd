//! What a person may type about certificates.

use std::net::IpAddr;
use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};
use hark_core::principal::Kind;
use hark_core::{HomeId, PrincipalId};

use super::access::RevokeCertificate;

/// `hark certs`.
#[derive(Debug, Clone, Args)]
#[command(after_help = CERTS_EXAMPLES)]
pub struct Certs {
    /// What about them.
    #[command(subcommand)]
    pub what: CertsCommand,
}

const CERTS_EXAMPLES: &str = "\
The house has an authority of its own. Its certificate (ca.crt) is for everybody; its key
(ca.key) makes new certificates, so keep it off the machines that only run Hark.

Examples:
  hark certs init
  hark certs issue node hall --dns hall.local --ip 192.168.1.20
  hark certs issue speaker kitchen --out /media/usb
  hark certs list
  hark certs revoke 4f029a…                  one certificate, by its serial number";

/// What about certificates.
#[derive(Debug, Clone, Subcommand)]
pub enum CertsCommand {
    /// Make the house's authority
    Init(Init),
    /// Make a certificate and its key, for a node, a speaker or a person
    Issue(Issue),
    /// List the certificates that were issued
    List(ListCertificates),
    /// Show what a certificate says
    Show(Show),
    /// Let a certificate count no more
    Revoke(RevokeCertificate),
}

/// Where the authority is.
#[derive(Debug, Clone, Args)]
pub struct Folder {
    /// The authority's folder [default: certs in the data folder]
    #[arg(long, value_name = "DIR", env = "HARK_CERTS_DIR")]
    pub dir: Option<PathBuf>,
}

/// `hark certs init`.
#[derive(Debug, Clone, Args)]
pub struct Init {
    /// The id of the home
    #[arg(long, value_name = "ID", default_value = "home", value_parser = HomeId::parse)]
    pub home: HomeId,
    /// The authority counts for so long
    #[arg(long, value_name = "YEARS", default_value_t = 20,
          value_parser = clap::value_parser!(u32).range(1..=50))]
    pub years: u32,
    /// Where it is
    #[command(flatten)]
    pub folder: Folder,
}

/// What a certificate is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Whose {
    /// A process of Hark: it serves, and calls others
    Node,
    /// A speaker
    Speaker,
    /// A person, or a program that acts for one
    Person,
}

impl From<Whose> for Kind {
    fn from(whose: Whose) -> Self {
        match whose {
            Whose::Node => Self::Node,
            Whose::Speaker => Self::Speaker,
            Whose::Person => Self::Person,
        }
    }
}

/// `hark certs issue`.
#[derive(Debug, Clone, Args)]
pub struct Issue {
    /// For what
    #[arg(value_enum)]
    pub whose: Whose,
    /// Who of them
    #[arg(value_name = "NAME", value_parser = PrincipalId::parse)]
    pub name: PrincipalId,
    /// A host name that a node is reached as; several are fine
    #[arg(long, value_name = "NAME", value_delimiter = ',')]
    pub dns: Vec<String>,
    /// An address that a node is reached at; several are fine. 127.0.0.1 and ::1 are
    /// among them always
    #[arg(long, value_name = "IP", value_delimiter = ',')]
    pub ip: Vec<IpAddr>,
    /// The certificate counts for so long
    #[arg(long, value_name = "DAYS", default_value_t = 730,
          value_parser = clap::value_parser!(u32).range(1..=3650))]
    pub days: u32,
    /// The folder for the certificate and its key [default: the authority's]
    #[arg(long, value_name = "DIR")]
    pub out: Option<PathBuf>,
    /// Replace a certificate and key that are there; Hark takes the new ones up by itself
    #[arg(long)]
    pub renew: bool,
    /// Where the authority is
    #[command(flatten)]
    pub folder: Folder,
}

/// `hark certs list`.
#[derive(Debug, Clone, Args)]
pub struct ListCertificates {
    /// Where the authority is
    #[command(flatten)]
    pub folder: Folder,
    /// Print JSON, one object a line
    #[arg(long)]
    pub json: bool,
}

/// `hark certs show`.
#[derive(Debug, Clone, Args)]
pub struct Show {
    /// The certificate, in PEM
    #[arg(value_name = "FILE")]
    pub file: PathBuf,
    /// Print one JSON object
    #[arg(long)]
    pub json: bool,
}
