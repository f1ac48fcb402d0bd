//! Rules on proto files: everything that a reader meets is documented.
//!
//! A small reader of its own, because the comments are the point and compilers drop
//! most of them. A doc is a `//` comment on the lines right above, or on the same line.

use super::finding::Finding;
use super::text;

/// A method of a service.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Method {
    /// The proto file that declares it.
    pub file: String,
    /// The line it is declared on.
    pub line: usize,
    /// Its full gRPC path, `/package.Service/Method`.
    pub path: String,
}

/// What a proto file holds.
#[derive(Debug, Default)]
pub struct Read {
    /// What breaks a rule.
    pub findings: Vec<Finding>,
    /// Its methods.
    pub methods: Vec<Method>,
}

/// Reads one proto file.
pub fn check(path: &str, source: &str) -> Read {
    let mut read = Read {
        findings: text::check(path, source),
        ..Read::default()
    };
    if !source.starts_with("//") {
        read.findings.push(Finding::new(
            path,
            1,
            "the file does not begin with a comment",
            "say what it is for",
        ));
    }
    let mut package = String::new();
    let mut blocks: Vec<(String, String)> = Vec::new();
    for statement in statements(source) {
        let kind = blocks.last().map_or("", |(kind, _)| kind.as_str());
        let words: Vec<&str> = statement.text.split_whitespace().collect();
        let (word, name) = (
            words.first().copied().unwrap_or_default(),
            words.get(1).copied().unwrap_or_default(),
        );
        if word == "package" {
            package = name.to_owned();
        }
        if word == "rpc" {
            let service = blocks.last().map_or("", |(_, name)| name.as_str());
            read.methods.push(Method {
                file: path.to_owned(),
                line: statement.line,
                path: format!("/{package}.{service}/{}", before_paren(name)),
            });
        }
        if let Some(what) = needs_doc(kind, &statement.text)
            && !statement.has_doc
        {
            read.findings.push(Finding::new(
                path,
                statement.line,
                format!("{what} has no doc"),
                "say what it is, with its unit, range and what absent means",
            ));
        }
        match statement.end {
            '{' => blocks.push((word.to_owned(), name.to_owned())),
            '}' => drop(blocks.pop()),
            _ => {}
        }
    }
    read
}

/// What a statement declares that needs a doc, in words.
fn needs_doc(block: &str, text: &str) -> Option<String> {
    let mut words = text.split_whitespace();
    let word = words.next()?;
    let name = words.next().unwrap_or_default();
    match (block, word) {
        (_, "option" | "reserved" | "extensions" | "syntax" | "package" | "import") => None,
        (_, "service" | "message" | "enum" | "oneof") => Some(format!("{word} {name}")),
        ("service", "rpc") => Some(format!("rpc {}", before_paren(name))),
        ("message" | "oneof", _) => {
            let declared = text.split('=').next().unwrap_or_default();
            let name = declared.split_whitespace().next_back()?;
            Some(format!("field {name}"))
        }
        ("enum", _) => Some(format!("enum value {word}")),
        _ => None,
    }
}

fn before_paren(name: &str) -> &str {
    name.split('(').next().unwrap_or_default()
}

/// One declaration, up to its `;` or brace.
struct Statement {
    text: String,
    line: usize,
    end: char,
    has_doc: bool,
}

/// Splits a file into statements. A string never holds a brace or `;` in our files.
fn statements(source: &str) -> Vec<Statement> {
    let mut statements = Vec::new();
    let mut text = String::new();
    let mut line = 0;
    let mut doc_above = false;
    let mut pending_doc = false;
    for (at, raw) in source.lines().enumerate() {
        let (code, comment) = match raw.split_once("//") {
            Some((code, comment)) => (code, Some(comment)),
            None => (raw, None),
        };
        let is_comment_line = code.trim().is_empty() && comment.is_some();
        for c in code.chars() {
            if text.trim().is_empty() && !c.is_whitespace() {
                line = at + 1;
                pending_doc = doc_above;
            }
            if !matches!(c, '{' | '}' | ';') {
                text.push(c);
                continue;
            }
            let has_words = comment.is_some_and(|c| !c.trim().is_empty());
            statements.push(Statement {
                text: text.trim().to_owned(),
                line: line.max(1),
                end: c,
                has_doc: pending_doc || has_words,
            });
            text.clear();
        }
        text.push(' ');
        doc_above = match comment {
            Some(comment) if is_comment_line => doc_above || !comment.trim().is_empty(),
            _ => false,
        };
    }
    statements
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(source: &str) -> Vec<String> {
        let read = check("a.proto", source);
        let findings = read.findings.iter();
        findings
            .map(|f| format!("{}: {}", f.line(), f.what()))
            .collect()
    }

    const GOOD: &str = r#"// A file.
syntax = "proto3";

package hark.v1;

import "google/protobuf/duration.proto";

// A service.
service A {
  // A method.
  //
  // Errors: none.
  rpc B(stream C) returns (stream C);
  // Another.
  rpc D(C) returns (C) {
    option deprecated = true;
  }
}

// A message.
message C {
  reserved 7;
  // A kind.
  enum Kind {
    // Nothing.
    KIND_UNSPECIFIED = 0;
  }
  // A field.
  optional string e = 1 [deprecated = true];
  map<string, string> f = 2; // The doc is here.
  // One of.
  oneof g {
    // A part.
    string h = 3;
  }
}
"#;

    #[test]
    fn a_documented_file_passes_and_its_methods_are_seen() {
        assert_eq!(found(GOOD), [] as [&str; 0]);
        let read = check("a.proto", GOOD);
        let paths: Vec<&str> = read.methods.iter().map(|m| m.path.as_str()).collect();
        assert_eq!(paths, ["/hark.v1.A/B", "/hark.v1.A/D"]);
        assert_eq!(read.methods[0].line, 13);
    }

    /// Without any one of its docs the good file is not good any more.
    #[test]
    fn each_missing_doc_is_found() {
        let docs = [
            ("// A file.\n", "1: the file does not begin with a comment"),
            ("// A service.\n", "8: service A has no doc"),
            ("  // Another.\n", "13: rpc D has no doc"),
            ("// A message.\n", "19: message C has no doc"),
            ("  // A kind.\n", "22: enum Kind has no doc"),
            (
                "    // Nothing.\n",
                "24: enum value KIND_UNSPECIFIED has no doc",
            ),
            ("  // A field.\n", "26: field e has no doc"),
            (" // The doc is here.", "28: field f has no doc"),
            ("  // One of.\n", "29: oneof g has no doc"),
            ("    // A part.\n", "31: field h has no doc"),
        ];
        for (doc, expect) in docs {
            assert!(GOOD.contains(doc), "{doc}");
            let bad = GOOD.replacen(doc, "", 1);
            let found = found(&bad);
            assert_eq!(found.len(), 1, "{doc}: {found:?}");
            let (_, what) = expect.split_once(' ').unwrap();
            assert!(found[0].ends_with(what), "{doc}: {found:?}");
        }
    }

    #[test]
    fn an_empty_comment_or_one_further_up_is_no_doc() {
        let empty = "// A.\nmessage B {\n  //\n  string c = 1;\n}\n";
        assert_eq!(found(empty), ["4: field c has no doc"]);
        let apart = "// A.\n\nmessage B {}\n";
        assert_eq!(found(apart), ["3: message B has no doc"]);
    }

    #[test]
    fn a_declaration_over_several_lines_is_one() {
        let long = "// A.\nservice B {\n  // Doc.\n  rpc C(D)\n    returns (E);\n}\n";
        assert_eq!(found(long), [] as [&str; 0]);
        assert_eq!(check("a", long).methods[0].path, "/.B/C");
    }
}
