//! `hark speakers` and `hark people`: who may come in.

use std::time::Duration;

use hark_client::{Client, NewCredential, Revoke};
use hark_core::PrincipalId;
use hark_core::principal::Kind;

use super::connect::connect;
use super::secret;
use crate::cli::access::{self, PeopleCommand, SpeakersCommand};
use crate::cli::{self, Connection};
use crate::exit::Verdict;
use crate::show;
use crate::show::credential::{self, AddedJson, CredentialJson};

/// Lets speakers in, lists them, and lets them in no more.
///
/// # Errors
/// If Hark can't be asked, or says no.
pub async fn speakers(args: access::Speakers) -> anyhow::Result<Verdict> {
    match args.what {
        SpeakersCommand::Add(add) => self::add(Kind::Speaker, add.area, add.add).await,
        SpeakersCommand::List(args) => list(Kind::Speaker, args).await,
        SpeakersCommand::Revoke(args) => revoke(Kind::Speaker, args).await,
    }
}

/// Lets people in, lists them, and lets them in no more.
///
/// # Errors
/// If Hark can't be asked, or says no.
pub async fn people(args: access::People) -> anyhow::Result<Verdict> {
    match args.what {
        PeopleCommand::Add(args) => add(Kind::Person, None, args).await,
        PeopleCommand::List(args) => list(Kind::Person, args).await,
        PeopleCommand::Revoke(args) => revoke(Kind::Person, args).await,
    }
}

/// Lets one certificate count no more.
///
/// # Errors
/// If Hark can't be asked, or says no.
pub async fn revoke_certificate(args: access::RevokeCertificate) -> anyhow::Result<Verdict> {
    let client = connect(&args.connection).await?;
    client
        .revoke(&Revoke::Certificate(args.serial.clone()))
        .await?;
    show::lines(&format!("the certificate {} counts no more", args.serial))?;
    Ok(Verdict::Done)
}

async fn add(
    kind: Kind,
    area: Option<hark_core::AreaId>,
    args: access::Add,
) -> anyhow::Result<Verdict> {
    let client = connect(&args.connection).await?;
    if let Some(area) = &area {
        check_area(&client, area).await?;
    }
    // Before there is a token that nobody could keep.
    let file = args.out.as_deref().map(secret::create).transpose()?;
    let new = NewCredential {
        kind,
        name: args.name.clone(),
        area,
        lifetime: args
            .days
            .map(|d| Duration::from_secs(u64::from(d) * 86_400)),
    };
    let (credential, token) = match (client.add_credential(&new).await, file) {
        (Ok((credential, token)), Some(file)) => {
            file.write(&token)?;
            (credential, token)
        }
        (Ok(added), None) => added,
        (Err(error), file) => {
            if let Some(file) = file {
                file.discard();
            }
            return Err(error.into());
        }
    };
    let out = args.out.as_deref();
    if args.json {
        let token = out.is_none().then_some(token);
        show::json_line(&AddedJson::new(&credential, token, out))?;
        return Ok(Verdict::Done);
    }
    if out.is_none() {
        show::lines(&token)?;
    }
    show::remark(&credential::advice(&credential, out));
    Ok(Verdict::Done)
}

/// A mistyped area would make every "turn on the light" a question.
async fn check_area(client: &Client, area: &hark_core::AreaId) -> anyhow::Result<()> {
    let areas = client.areas().await?;
    if areas.iter().any(|a| a.id == *area) {
        return Ok(());
    }
    let known: Vec<_> = areas.iter().map(|a| a.id.as_str()).collect();
    anyhow::bail!(
        "this home has no area `{area}`; its areas are {}",
        known.join(", ")
    )
}

async fn list(kind: Kind, args: cli::List) -> anyhow::Result<Verdict> {
    let client = connect(&args.connection).await?;
    let listed = client.credentials(Some(kind)).await?;
    if args.json {
        for credential in &listed {
            show::json_line(&CredentialJson::from(credential))?;
        }
        return Ok(Verdict::Done);
    }
    if listed.is_empty() {
        show::remark(&format!(
            "nobody has a token; `hark {} add NAME` makes one",
            noun(kind)
        ));
    }
    for credential in &listed {
        show::lines(&credential::line(credential, jiff::Timestamp::now()))?;
    }
    Ok(Verdict::Done)
}

async fn revoke(kind: Kind, args: access::Revoke) -> anyhow::Result<Verdict> {
    let (what, whole) = match args.credential {
        Some(id) => (Revoke::Credential(id), false),
        None => (Revoke::Principal(kind, args.name.clone()), true),
    };
    let tokens = ask_to_revoke(&args.connection, &what, kind, &args.name).await?;
    if args.json {
        show::json_line(&serde_json::json!({ "name": args.name, "tokens": tokens }))?;
        return Ok(Verdict::Done);
    }
    let tokens = match tokens {
        1 => "1 token counts no more".to_owned(),
        n => format!("{n} tokens count no more"),
    };
    let rest = match whole {
        true => ", nor do certificates issued until now",
        false => "",
    };
    show::lines(&format!("{}: {tokens}{rest}", args.name))?;
    Ok(Verdict::Done)
}

async fn ask_to_revoke(
    connection: &Connection,
    what: &Revoke,
    kind: Kind,
    name: &PrincipalId,
) -> anyhow::Result<u32> {
    let client = connect(connection).await?;
    if let Revoke::Credential(id) = what {
        let listed = client.credentials(Some(kind)).await?;
        let is_theirs = listed.iter().any(|c| c.id == *id && c.name == *name);
        anyhow::ensure!(is_theirs, "{name} has no token with the id {id}");
    }
    Ok(client.revoke(what).await?)
}

fn noun(kind: Kind) -> &'static str {
    match kind {
        Kind::Speaker => "speakers",
        _ => "people",
    }
}
