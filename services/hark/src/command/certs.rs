//! `hark certs`: the house's authority, and the certificates that it issues.

mod folder;

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::time::Duration;

use anyhow::Context as _;
use hark_core::credentials::{Certificate, Identity};
use hark_core::principal::Kind;
use hark_core::time::{Clock as _, Timestamp};
use hark_runtime::clock::SystemClock;
use hark_tls::{Authority, Names, Validity};
use serde::Serialize;

use super::access::revoke_certificate;
use crate::cli::certs::{Certs, CertsCommand, Init, Issue, ListCertificates, Show};
use crate::exit::Verdict;
use crate::show::credential::{day, rfc3339};
use crate::show::{self, style};
use folder::{Folder, Pair};

/// A day, in seconds.
const DAY: u64 = 86_400;

/// Makes the authority, issues, lists, shows and revokes certificates.
///
/// # Errors
/// What is wrong, and what to do about it.
pub async fn run(args: Certs) -> anyhow::Result<Verdict> {
    match args.what {
        CertsCommand::Init(args) => init(&args),
        CertsCommand::Issue(args) => issue(&args),
        CertsCommand::List(args) => list(&args),
        CertsCommand::Show(args) => show_one(&args),
        CertsCommand::Revoke(args) => revoke_certificate(args).await,
    }
}

fn init(args: &Init) -> anyhow::Result<Verdict> {
    let folder = Folder::of(&args.folder)?;
    let validity = from_now(u64::from(args.years) * 365);
    let (authority, key) = Authority::create(&args.home, validity)?;
    folder.create_authority(authority.cert_pem(), &key)?;
    show::lines(&folder.ca_cert().display().to_string())?;
    show::remark(&format!(
        "The home `{}` has its authority. Everybody may have the certificate; keep the key,\n{},\nto yourself, and keep a copy: without it no certificate can be issued.\n\
         Next: hark certs issue node NAME --dns NAME.local --ip ADDRESS",
        args.home,
        folder.ca_key().display(),
    ));
    Ok(Verdict::Done)
}

fn issue(args: &Issue) -> anyhow::Result<Verdict> {
    let kind = Kind::from(args.whose);
    if kind != Kind::Node && !(args.dns.is_empty() && args.ip.is_empty()) {
        anyhow::bail!(
            "--dns and --ip are for nodes: nobody connects to a {}",
            kind.as_str()
        );
    }
    let folder = Folder::of(&args.folder)?;
    let (home, authority) = folder.authority()?;
    let identity = Identity {
        home,
        kind,
        name: args.name.clone(),
    };
    let pair = Pair::of(args.out.as_deref().unwrap_or(folder.path()), &identity);
    if !args.renew {
        pair.check_absent()?;
    }
    let validity = from_now(u64::from(args.days));
    let issued = authority.issue(&identity, &names(args), validity)?;
    folder.remember(&issued)?;
    pair.write(&issued)?;
    show::lines(&pair.cert.display().to_string())?;
    show::lines(&pair.key.display().to_string())?;
    show::remark(&advice(&identity, &pair, &folder));
    Ok(Verdict::Done)
}

/// What a node is reached as: what was said, this very machine, and its own name.
fn names(args: &Issue) -> Names {
    let mut dns = args.dns.clone();
    dns.push("localhost".to_owned());
    let name = args.name.as_str();
    if name
        .chars()
        .all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '.')
    {
        dns.push(name.to_owned());
    }
    let mut ip = args.ip.clone();
    ip.extend([
        IpAddr::V4(Ipv4Addr::LOCALHOST),
        IpAddr::V6(Ipv6Addr::LOCALHOST),
    ]);
    dns.dedup();
    Names { dns, ip }
}

fn advice(identity: &Identity, pair: &Pair, folder: &Folder) -> String {
    let (cert, key) = (pair.cert.display(), pair.key.display());
    let ca = folder.ca_cert();
    let ca = ca.display();
    match identity.kind {
        Kind::Node => format!(
            "For {identity}. In the settings of its Hark:\n\n\
             [server.tls]\ncert_file = \"{cert}\"\nkey_file = \"{key}\"\nclient_ca_file = \"{ca}\"\n"
        ),
        _ => format!(
            "For {identity}. Commands take it with\n\
             --ca-file {ca} --cert-file {cert} --key-file {key}"
        ),
    }
}

fn from_now(days: u64) -> Validity {
    let from = SystemClock::new().wall();
    let until = from.plus(Duration::from_secs(days * DAY));
    Validity { from, until }
}

fn list(args: &ListCertificates) -> anyhow::Result<Verdict> {
    let folder = Folder::of(&args.folder)?;
    let now = SystemClock::new().wall();
    for certificate in folder.issued()? {
        match args.json {
            true => show::json_line(&CertificateJson::from(&certificate))?,
            false => show::lines(&line(&certificate, now))?,
        }
    }
    Ok(Verdict::Done)
}

fn line(certificate: &Certificate, now: Timestamp) -> String {
    let (strong, dim) = (style::STRONG, style::DIM);
    let identity = &certificate.identity;
    let until = day(certificate.not_after);
    let (style, state) = match certificate.check(now) {
        Ok(()) => (style::GOOD, format!("until {until}")),
        Err(_) => (style::WARNING, format!("expired {until}")),
    };
    format!(
        "{:<8} {strong}{:<16}{strong:#} {style}{state:<19}{style:#} {dim}{}{dim:#}",
        identity.kind.as_str(),
        identity.name.as_str(),
        certificate.serial,
    )
}

fn show_one(args: &Show) -> anyhow::Result<Verdict> {
    let path = args.file.display();
    let pem = std::fs::read_to_string(&args.file).with_context(|| format!("cannot read {path}"))?;
    if let Ok(home) = Authority::home_of(&pem) {
        show::lines(&format!(
            "the certificate of the authority of the home `{home}`"
        ))?;
        return Ok(Verdict::Done);
    }
    let certificate = hark_tls::read_pem(&pem).map_err(|why| anyhow::anyhow!("{path}: {why}"))?;
    if args.json {
        show::json_line(&CertificateJson::from(&certificate))?;
        return Ok(Verdict::Done);
    }
    let (from, until) = (certificate.not_before, certificate.not_after);
    for (name, what) in [
        ("name", certificate.identity.to_string()),
        ("serial", certificate.serial.to_string()),
        ("from", rfc3339(from)),
        ("until", rfc3339(until)),
    ] {
        show::lines(&format!("{name:<8}{what}"))?;
    }
    Ok(Verdict::Done)
}

/// A certificate as JSON.
#[derive(Debug, Serialize)]
struct CertificateJson {
    uri: String,
    kind: &'static str,
    name: String,
    serial: String,
    not_before: String,
    not_after: String,
}

impl From<&Certificate> for CertificateJson {
    fn from(certificate: &Certificate) -> Self {
        Self {
            uri: certificate.identity.to_string(),
            kind: certificate.identity.kind.as_str(),
            name: certificate.identity.name.to_string(),
            serial: certificate.serial.to_string(),
            not_before: rfc3339(certificate.not_before),
            not_after: rfc3339(certificate.not_after),
        }
    }
}
