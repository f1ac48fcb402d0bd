//! What comes with the programs and is no crate: models, and what is inside them.

use std::path::Path;

use anyhow::Context as _;

/// Something that comes along.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Data {
    /// What it is called.
    pub name: String,
    /// The file that has it, from the workspace's root.
    pub file: String,
    /// SHA-256 of that file, in hex.
    pub sha256: String,
    /// An SPDX expression.
    pub licence: String,
    /// Where it is from.
    pub origin: String,
}

/// What every Whisper file carries of OpenAI's, whoever trained the weights.
const INSIDE: &[(&str, &str, &str)] = &[(
    "Whisper's vocabulary",
    "MIT",
    "OpenAI, https://github.com/openai/whisper; inside the model's file",
)];

/// Reads the cards of the bundled models.
pub fn read(root: &Path) -> anyhow::Result<Vec<Data>> {
    let mut all = Vec::new();
    for entry in std::fs::read_dir(root.join("models")).context("listing models/")? {
        let entry = entry.context("listing models/")?;
        let folder = format!("models/{}", entry.file_name().to_string_lossy());
        let card = entry.path().join("card.toml");
        if card.is_file() {
            let text =
                std::fs::read_to_string(&card).with_context(|| format!("reading {folder}"))?;
            all.extend(of_card(&folder, &text).with_context(|| format!("{folder}/card.toml"))?);
        }
    }
    all.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(all)
}

fn of_card(folder: &str, text: &str) -> anyhow::Result<Vec<Data>> {
    let card: toml::Table = text.parse()?;
    let field = |key: &str| {
        let value = card.get(key).and_then(toml::Value::as_str);
        value
            .map(str::to_owned)
            .with_context(|| format!("has no `{key}`"))
    };
    let model = Data {
        name: field("name")?,
        file: format!("{folder}/{}", field("file")?),
        sha256: field("sha256")?,
        licence: field("licence")?,
        origin: field("source")?,
    };
    let inside = INSIDE.iter().map(|(name, licence, origin)| Data {
        name: (*name).to_owned(),
        licence: (*licence).to_owned(),
        origin: (*origin).to_owned(),
        ..model.clone()
    });
    Ok(inside.chain([model.clone()]).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_model_brings_its_vocabulary() {
        let card = "name = 'a'\nfile = 'a.bin'\nsha256 = '0f'\nlicence = 'MIT'\nsource = 'us'\n";
        let data = of_card("models/a", card).unwrap();
        let names: Vec<&str> = data.iter().map(|d| d.name.as_str()).collect();
        assert_eq!(names, ["Whisper's vocabulary", "a"]);
        assert!(data.iter().all(|d| d.file == "models/a/a.bin"));
    }

    #[test]
    fn a_card_that_leaves_something_out_is_refused() {
        let error = of_card("models/a", "name = 'a'\nfile = 'a.bin'\n").unwrap_err();
        assert_eq!(error.to_string(), "has no `sha256`");
    }
}
