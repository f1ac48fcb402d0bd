//! What settings are taken for, and how errors in them read.

use std::path::PathBuf;

use serde::Deserialize;

use super::*;

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
struct Config {
    /// What the house is called.
    name: String,
    server: Server,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            name: "home".to_owned(),
            server: Server::default(),
        }
    }
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
struct Server {
    /// Where to listen.
    listen: std::net::SocketAddr,
    /// How many may come.
    connections: u16,
    /// Where the token is.
    token_file: Option<PathBuf>,
    kind: Kind,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
enum Kind {
    Memory,
    Redb,
}

impl Default for Server {
    fn default() -> Self {
        Self {
            listen: ([127, 0, 0, 1], 7700).into(),
            connections: 100,
            token_file: None,
            kind: Kind::Memory,
        }
    }
}

/// Loads from a file of this text (none if empty), variables and flags; the error's text
/// has the file's folder taken out.
fn check(
    file: &str,
    variables: &[(&str, &str)],
    flags: &[(&str, &str, &str)],
) -> Result<Config, String> {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("hark.toml");
    std::fs::write(&path, file).unwrap();
    let own = |&(k, v): &(&str, &str)| (k.to_owned(), v.to_owned());
    let mut layers = Layers::new()
        .file(&path)
        .variables(variables.iter().map(own));
    for &(flag, key, value) in flags {
        layers = layers.flag(flag, key, value);
    }
    let folder = format!("{}/", dir.path().display());
    load(&layers).map_err(|e| e.to_string().replace(&folder, ""))
}

#[test]
fn each_layer_overlays_the_one_below() {
    let file = "name = 'file'\n[server]\nconnections = 1\nlisten = '127.0.0.1:1'\n";
    let config = check(file, &[], &[]).unwrap();
    assert_eq!(
        (config.name.as_str(), config.server.connections),
        ("file", 1)
    );
    let variables = [
        ("HARK__SERVER__CONNECTIONS", "2"),
        ("HARK__NAME", "variable"),
        ("PATH", "x"),
    ];
    let flags = [("--listen", "server.listen", "127.0.0.1:3")];
    let config = check(file, &variables, &flags).unwrap();
    assert_eq!(
        (config.name.as_str(), config.server.connections),
        ("variable", 2)
    );
    assert_eq!(config.server.listen.port(), 3);
    assert_eq!(config.server.kind, Kind::Memory);
}

#[test]
fn a_variable_that_looks_like_a_number_may_be_a_text() {
    let variables = [
        ("HARK__NAME", "1234"),
        ("HARK__SERVER__TOKEN_FILE", "true"),
        ("HARK__SERVER__CONNECTIONS", "7"),
    ];
    let config = check("", &variables, &[]).unwrap();
    assert_eq!(config.name, "1234");
    assert_eq!(config.server.token_file, Some(PathBuf::from("true")));
    assert_eq!(config.server.connections, 7);
}

#[test]
fn errors_name_where_the_setting_was_given() {
    let error = |file, variables, flags| check(file, variables, flags).unwrap_err();
    insta::assert_snapshot!(error("nane = 'x'", &[], &[]), @"hark.toml: unknown key `nane`; known here: name, server");
    insta::assert_snapshot!(error("[server]\nlissten = 'x'", &[], &[]), @"hark.toml: unknown key `server.lissten`; known here: listen, connections, token_file, kind");
    insta::assert_snapshot!(error("", &[("HARK__SERVER__LISSTEN", "x")], &[]), @"variable HARK__SERVER__LISSTEN: unknown key `server.lissten`; known here: listen, connections, token_file, kind");
    insta::assert_snapshot!(error("", &[("HARK__SEVER__LISTEN", "x")], &[]), @"variable HARK__SEVER__LISTEN: unknown key `sever`; known here: name, server");
    insta::assert_snapshot!(error("", &[("HARK__SERVER", "x")], &[]), @r#"variable HARK__SERVER: `server` should be a section with keys, not "x""#);
    insta::assert_snapshot!(error("[server]\nconnections = 'many'", &[], &[]), @r#"hark.toml: `server.connections` should be a whole number from 0 to 65535, not "many""#);
    insta::assert_snapshot!(error("[server]\nconnections = -1", &[], &[]), @"hark.toml: `server.connections` should be a whole number from 0 to 65535, not -1");
    insta::assert_snapshot!(error("[server]\nconnections = 3", &[("HARK__SERVER__CONNECTIONS", "many")], &[]), @r#"variable HARK__SERVER__CONNECTIONS: `server.connections` should be a whole number from 0 to 65535, not "many""#);
    insta::assert_snapshot!(error("[server]\nkind = 'etcd'", &[], &[]), @r#"hark.toml: `server.kind` should be one of memory, redb, not "etcd""#);
    insta::assert_snapshot!(error("", &[], &[("--listen", "server.listen", "here")]), @"flag --listen: `server.listen` can't be used: invalid socket address syntax");
    insta::assert_snapshot!(error("[name]\nx = 1", &[], &[]), @"hark.toml: `name` should be a string, not a section");
    insta::assert_snapshot!(error("name = [", &[], &[]), @r#"
    hark.toml is not valid TOML: TOML parse error at line 1, column 9
      |
    1 | name = [
      |         ^
    unclosed array, expected `]`
    "#);
}

#[test]
fn a_file_that_is_not_there_is_an_error() {
    let error = load::<Config>(&Layers::new().file("/nonexistent/hark.toml")).unwrap_err();
    insta::assert_snapshot!(error, @"cannot read /nonexistent/hark.toml: No such file or directory (os error 2)");
}

#[test]
fn what_is_printed_loads_again() {
    let config = check("[server]\ntoken_file = '/run/token'", &[], &[]).unwrap();
    let text = print(&config).unwrap();
    insta::assert_snapshot!(text, @r#"
    name = "home"

    [server]
    listen = "127.0.0.1:7700"
    connections = 100
    token_file = "/run/token"
    kind = "memory"
    "#);
    assert_eq!(check(&text, &[], &[]).unwrap(), config);
}

#[test]
fn the_schema_tells_keys_and_documentation() {
    insta::assert_snapshot!(schema::<Config>());
}
