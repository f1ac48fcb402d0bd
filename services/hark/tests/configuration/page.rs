//! The page of settings: all of `hark up`'s, then how the processes that can run apart
//! differ from it.

use std::collections::BTreeMap;

use crate::reference::{self, Section, Setting};

const HEAD: &str = "\
# Configuration

Defaults < a TOML file (`--config FILE`) < environment variables < flags. A variable is
`HARK__` and the setting's path with `__` between: `HARK__SERVER__LISTEN=0.0.0.0:7700` is
`server.listen`. An unknown key is an error that names the file or variable. Secrets are
read from files; no setting holds one.

```console
$ hark config print                        # all settings as they would be used, as TOML
$ hark config check --config hark.toml     # is it right?
$ hark config schema                       # JSON schema with every setting's documentation
```

The home's file (`home.file`) is written like
[the built-in one](../crates/hark-home/homes/virtual.toml): areas, floors, devices with
stable ids, and names with aliases in each language.
Commands that call a server take `--ca-file`, `--cert-file`, `--key-file` and `--token-file`,
or `HARK_CA_FILE`, `HARK_CERT_FILE`, `HARK_KEY_FILE` and `HARK_TOKEN_FILE`. Every node's
certificate has the name `node.hark.internal`, which is what `domain` names where addresses
change. Collectors of traces are named by `OTEL_*` variables too: [traces](traces.md).

This page is written from the settings' types by `make docs`. A setting without a default
is absent unless it is given.
";

/// A process that can run apart, and its settings.
type Process = (&'static str, &'static str, Vec<Section>);

/// The page.
pub fn write() -> String {
    let whole = reference::of::<hark::up::Config>();
    let mut page = HEAD.to_owned();
    page.push_str("\n## hark up\n");
    for section in &whole {
        page.push_str(&chapter(section));
    }
    for (name, about, sections) in processes() {
        page.push_str(&format!("\n## {name}\n\n{about}\n"));
        page.push_str(&apart(&whole, &sections));
    }
    page
}

fn processes() -> [Process; 3] {
    [
        (
            "hark-ingest",
            "Hears speakers, as a process of its own.",
            reference::of::<hark_ingest::process::Config>(),
        ),
        (
            "hark-inference",
            "Turns audio into words, as a process of its own.",
            reference::of::<hark_inference::process::Config>(),
        ),
        (
            "hark-router",
            "Turns words into actions, as a process of its own.",
            reference::of::<hark_router::process::Config>(),
        ),
    ]
}

fn chapter(section: &Section) -> String {
    let Section {
        path,
        about,
        settings,
    } = section;
    let head = match path.as_str() {
        "" => "### At the top".to_owned(),
        path => format!("### `[{path}]`\n\n{about}"),
    };
    format!("\n{head}\n\n{}", table(settings))
}

fn table(settings: &[Setting]) -> String {
    let mut table =
        "| setting, variable | may be | default | |\n| --- | --- | --- | --- |\n".to_owned();
    for setting in settings {
        let name = format!("`{}`<br>`{}`", setting.path, setting.variable());
        let default = setting.default.as_ref();
        let default = default.map(|d| format!("`{d}`")).unwrap_or_default();
        let cells = [&name, &setting.kind, &default, &setting.about];
        let cells: Vec<String> = cells.iter().map(|c| c.replace('|', "\\|")).collect();
        table.push_str(&format!("| {} |\n", cells.join(" | ").replace("  ", " ")));
    }
    table
}

/// What a process has that `hark up` has not, or has otherwise.
fn apart(whole: &[Section], sections: &[Section]) -> String {
    let known: BTreeMap<&str, &Setting> = whole
        .iter()
        .flat_map(|s| &s.settings)
        .map(|s| (s.path.as_str(), s))
        .collect();
    let mut page = String::new();
    let mut same = Vec::new();
    for section in sections {
        let differs = |s: &&Setting| known.get(s.path.as_str()) != Some(s);
        let settings: Vec<Setting> = section.settings.iter().filter(differs).cloned().collect();
        if settings.len() < section.settings.len() && !section.path.is_empty() {
            same.push(format!("`[{}]`", section.path));
        }
        if !settings.is_empty() {
            let section = Section {
                settings,
                ..section.clone()
            };
            page.push_str(&chapter(&section));
        }
    }
    let like = format!(
        "\nLike `hark up`'s, but for what is below: {}.\n",
        same.join(", ")
    );
    if same.is_empty() { page } else { like + &page }
}
