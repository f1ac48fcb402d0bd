//! `hark areas`: the areas of the home.

use std::collections::BTreeMap;

use hark_core::home::Area;
use serde::Serialize;

use super::connect::connect;
use crate::cli;
use crate::exit::Verdict;
use crate::show::{self, style};

/// Lists the areas with their names.
///
/// # Errors
/// If Hark can't be asked.
pub async fn run(args: cli::List) -> anyhow::Result<Verdict> {
    let client = connect(&args.connection).await?;
    for area in client.areas().await? {
        match args.json {
            true => show::json_line(&AreaJson::from(area))?,
            false => show::lines(&line(&area))?,
        }
    }
    Ok(Verdict::Done)
}

fn line(area: &Area) -> String {
    let names = area.names.0.iter();
    let names: Vec<_> = names.map(|(l, n)| format!("{} ({l})", n.name)).collect();
    let strong = style::STRONG;
    format!(
        "{strong}{:<14}{strong:#} {}",
        area.id.as_str(),
        names.join(", ")
    )
}

#[derive(Debug, Serialize)]
struct AreaJson {
    id: String,
    names: BTreeMap<String, NamesJson>,
    floor_id: Option<String>,
}

#[derive(Debug, Serialize)]
struct NamesJson {
    name: String,
    aliases: Vec<String>,
}

impl From<Area> for AreaJson {
    fn from(area: Area) -> Self {
        let names = area.names.0.into_iter().map(|(language, names)| {
            let (name, aliases) = (names.name, names.aliases);
            (language.to_string(), NamesJson { name, aliases })
        });
        Self {
            id: area.id.into(),
            names: names.collect(),
            floor_id: area.floor.map(String::from),
        }
    }
}
