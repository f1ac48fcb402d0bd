//! Rules on Rust files: their size, their first line, and what product code may not say.

use super::finding::Finding;
use super::outline::{Outline, Token};
use super::text;
use super::tree::File;

/// The most lines of a file.
const FILE_LINES: usize = 500;
/// The most lines of a `main.rs`.
const MAIN_LINES: usize = 40;
/// The most lines of a function.
const FUNCTION_LINES: usize = 70;
/// Where `unsafe` may stand.
const UNSAFE_ALLOWED: &[&str] = &["crates/hark-whisper-cpp/", "crates/hark-kernels/"];
/// Macros of `tracing` that log.
const LOG_MACROS: &[&str] = &["trace", "debug", "info", "warn", "error"];
/// Services whose logic must not know wire types, and where they may appear in them.
const SERVICES: &[&str] = &[
    "services/ingest/",
    "services/inference/",
    "services/router/",
];

/// Every rule on one file.
pub fn check(file: &File, outline: &Outline) -> Vec<Finding> {
    let mut findings = Vec::new();
    check_shape(file, &mut findings);
    check_functions(file, outline, &mut findings);
    check_panics(file, &outline.tokens, &mut findings);
    check_unsafe(file, &outline.tokens, &mut findings);
    check_logs(file, &outline.tokens, &mut findings);
    check_wire_types(file, &outline.tokens, &mut findings);
    findings.extend(text::check(&file.path, &file.text));
    findings
}

fn check_shape(file: &File, findings: &mut Vec<Finding>) {
    let mut find = |line, what: String, remedy| {
        findings.push(Finding::new(&file.path, line, what, remedy));
    };
    if !file.text.starts_with("//!") {
        find(
            1,
            "the file does not begin with `//!`".to_owned(),
            "say in a paragraph what it is for and what it guarantees",
        );
    }
    let lines = file.text.lines().count();
    let is_main = file.path.ends_with("src/main.rs");
    let most = if is_main { MAIN_LINES } else { FILE_LINES };
    if lines > most {
        find(
            most + 1,
            format!("the file has {lines} lines; at most {most}"),
            "move a part with a name of its own into a module",
        );
    }
}

fn check_functions(file: &File, outline: &Outline, findings: &mut Vec<Finding>) {
    for f in &outline.functions {
        if f.lines > FUNCTION_LINES {
            findings.push(Finding::new(
                &file.path,
                f.line,
                format!(
                    "the function {} has {} lines; at most {FUNCTION_LINES}",
                    f.name, f.lines
                ),
                "split it by what its parts do",
            ));
        }
        if f.name.starts_with("get_") && !f.is_dictated && !outline.is_test_line(f.line) {
            findings.push(Finding::new(
                &file.path,
                f.line,
                format!("the function {} begins with `get_`", f.name),
                "name what it gives",
            ));
        }
    }
    for line in outline
        .aliases
        .iter()
        .filter(|l| !outline.is_test_line(**l))
    {
        findings.push(Finding::new(
            &file.path,
            *line,
            "a type alias",
            "make it a newtype, or write the type out",
        ));
    }
}

fn check_panics(file: &File, tokens: &[Token], findings: &mut Vec<Finding>) {
    for (before, name, after, remedy) in [
        (
            ".",
            "unwrap",
            "(",
            "return an error, or `expect` with the invariant that makes it impossible",
        ),
        (
            ".",
            "unwrap_err",
            "(",
            "return an error, or `expect_err` with the invariant",
        ),
        ("", "todo", "!", "build it, or leave it out"),
        ("", "unimplemented", "!", "build it, or leave it out"),
    ] {
        for window in tokens.windows(3) {
            let texts = [&*window[0].text, &*window[1].text, &*window[2].text];
            if texts[1..] == [name, after] && (before.is_empty() || texts[0] == before) {
                findings.push(Finding::new(
                    &file.path,
                    window[1].line,
                    format!("`{name}` in product code"),
                    remedy,
                ));
            }
        }
    }
}

fn check_unsafe(file: &File, tokens: &[Token], findings: &mut Vec<Finding>) {
    if UNSAFE_ALLOWED.iter().any(|p| file.path.starts_with(p)) {
        return;
    }
    for token in tokens.iter().filter(|t| t.text == "unsafe") {
        findings.push(Finding::new(
            &file.path,
            token.line,
            "`unsafe` outside hark-whisper-cpp and hark-kernels",
            "find a safe way, or move it there with its safety argument",
        ));
    }
}

/// A log message is short, lower-case, and the same each time: what varies is a field.
fn check_logs(file: &File, tokens: &[Token], findings: &mut Vec<Finding>) {
    for (at, window) in tokens.windows(3).enumerate() {
        let is_log = LOG_MACROS.contains(&window[0].text.as_str())
            && window[1].text == "!"
            && window[2].text == "(";
        if !is_log {
            continue;
        }
        let Some(message) = log_message(&tokens[at + 3..]) else {
            continue;
        };
        let first = message.text.trim_start_matches('"').chars().next();
        if message.text.contains('{') || first.is_some_and(char::is_uppercase) {
            findings.push(Finding::new(
                &file.path,
                message.line,
                format!("the log message {}", message.text),
                "make it short, lower-case and constant, with what varies in fields (`%error`)",
            ));
        }
    }
}

/// The string that stands alone between commas at the macro's own level.
fn log_message(tokens: &[Token]) -> Option<&Token> {
    let mut depth = 0;
    let mut before = ",";
    for (token, after) in tokens.iter().zip(tokens.get(1..)?) {
        let is_message = depth == 0
            && token.text.starts_with('"')
            && before == ","
            && matches!(after.text.as_str(), "," | ")");
        if is_message {
            return Some(token);
        }
        match token.text.as_str() {
            "(" | "[" | "{" => depth += 1,
            ")" | "]" | "}" if depth == 0 => return None,
            ")" | "]" | "}" => depth -= 1,
            _ => {}
        }
        before = &token.text;
    }
    None
}

/// In a service, wire types stay in `grpc.rs` or `grpc/`; stored values are no wire types.
fn check_wire_types(file: &File, tokens: &[Token], findings: &mut Vec<Finding>) {
    let Some(service) = SERVICES.iter().find(|s| file.path.starts_with(**s)) else {
        return;
    };
    let inside = file.path[service.len()..].trim_start_matches("src/");
    if file.is_test || inside == "grpc.rs" || inside.starts_with("grpc/") {
        return;
    }
    for window in tokens.windows(4) {
        let texts: Vec<&str> = window.iter().map(|t| t.text.as_str()).collect();
        if matches!(texts[..], ["hark_proto", ":", ":", "v1" | "internal"])
            || matches!(texts[..], ["pb", ":", ":", _])
        {
            findings.push(Finding::new(
                &file.path,
                window[0].line,
                "a wire type outside grpc.rs",
                "convert in grpc.rs, or in hark-proto, and use the domain type here",
            ));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(path: &str, text: &str) -> Vec<String> {
        let file = File {
            path: path.to_owned(),
            text: text.to_owned(),
            is_test: false,
        };
        let outline = Outline::parse(text, false).unwrap();
        let findings = check(&file, &outline);
        findings
            .iter()
            .map(|f| format!("{}: {}", f.line(), f.what()))
            .collect()
    }

    fn check_one(path: &str, text: &str, expect: &[&str]) {
        assert_eq!(found(path, text), expect, "{path}:\n{text}");
    }

    const LIB: &str = "crates/hark-audio/src/lib.rs";

    #[test]
    fn a_good_file_passes() {
        let text = "//! What it is for.\nfn a() -> Result<u8, E> { b().expect(\"b is set\")?; }\n";
        check_one(LIB, text, &[]);
    }

    #[test]
    fn a_file_begins_with_its_paragraph() {
        check_one(
            LIB,
            "fn a() {}\n",
            &["1: the file does not begin with `//!`"],
        );
        check_one(LIB, "", &["1: the file does not begin with `//!`"]);
    }

    #[test]
    fn files_have_a_length() {
        let body = |lines: usize| format!("//! A.\n{}", "// b\n".repeat(lines - 1));
        check_one(LIB, &body(500), &[]);
        check_one(
            LIB,
            &body(501),
            &["501: the file has 501 lines; at most 500"],
        );
        let main = "services/hark/src/main.rs";
        check_one(main, &body(40), &[]);
        check_one(main, &body(41), &["41: the file has 41 lines; at most 40"]);
    }

    #[test]
    fn functions_have_a_length_in_tests_too() {
        let function = |lines: usize| format!("fn a() {{\n{}}}\n", "b();\n".repeat(lines - 2));
        check_one(LIB, &format!("//! A.\n{}", function(70)), &[]);
        let long = ["2: the function a has 71 lines; at most 70"];
        check_one(LIB, &format!("//! A.\n{}", function(71)), &long);
        let test = format!("//! A.\n#[cfg(test)] mod t {{\n{}}}\n", function(71));
        check_one(LIB, &test, &["3: the function a has 71 lines; at most 70"]);
    }

    #[test]
    fn product_code_does_not_unwrap() {
        let text = "//! A.\nfn a() {\n b.unwrap();\n m!(c.unwrap());\n d.unwrap_err();\n}\n";
        let expect = [
            "3: `unwrap` in product code",
            "4: `unwrap` in product code",
            "5: `unwrap_err` in product code",
        ];
        check_one(LIB, text, &expect);
        check_one(LIB, "//! A.\nfn a() { b.unwrap_or(1); }\n", &[]);
        let test = "//! A.\n#[cfg(test)]\nmod tests { fn a() { b.unwrap(); } }\n";
        check_one(LIB, test, &[]);
    }

    #[test]
    fn product_code_is_finished() {
        let text = "//! A.\nfn a() { todo!() }\nfn b() { unimplemented!(\"c\") }\n";
        let expect = [
            "2: `todo` in product code",
            "3: `unimplemented` in product code",
        ];
        check_one(LIB, text, &expect);
    }

    #[test]
    fn unsafe_has_its_places() {
        let text = "//! A.\nfn a() { unsafe { b() } }\n";
        let expect = ["2: `unsafe` outside hark-whisper-cpp and hark-kernels"];
        check_one(LIB, text, &expect);
        check_one("crates/hark-kernels/src/lib.rs", text, &[]);
    }

    #[test]
    fn names_do_not_begin_with_get_unless_a_trait_says_so() {
        let expect = ["2: the function get_a begins with `get_`"];
        check_one(LIB, "//! A.\nimpl B { fn get_a() {} }\n", &expect);
        check_one(LIB, "//! A.\nimpl C for B { fn get_a() {} }\n", &[]);
    }

    #[test]
    fn types_have_no_second_name() {
        check_one(LIB, "//! A.\ntype B = u8;\n", &["2: a type alias"]);
        check_one(LIB, "//! A.\nimpl C for B { type D = u8; }\n", &[]);
    }

    #[test]
    fn log_messages_are_constant_and_lower_case() {
        let logged = |inside: &str| format!("//! A.\nfn a() {{ tracing::info!({inside}); }}\n");
        check_one(
            LIB,
            &logged("%error, n = b(\"X{}\"), \"could not bind\""),
            &[],
        );
        check_one(LIB, &logged("\"bound\""), &[]);
        check_one(LIB, &logged("\"Bound\""), &["2: the log message \"Bound\""]);
        let expect = ["2: the log message \"to {address}\""];
        check_one(LIB, &logged("a, \"to {address}\""), &expect);
        let expect = ["2: the log message \"to {}\""];
        check_one(LIB, &logged("\"to {}\", address"), &expect);
    }

    #[test]
    fn wire_types_stay_at_the_edge_of_a_service() {
        let text = "//! A.\nuse hark_proto::v1::Area;\nfn a(b: pb::C) {}\n";
        let expect = [
            "2: a wire type outside grpc.rs",
            "3: a wire type outside grpc.rs",
        ];
        check_one("services/router/src/handle.rs", text, &expect);
        for path in [
            "services/router/src/grpc.rs",
            "services/router/src/grpc/home.rs",
            "services/hark/src/say.rs",
        ] {
            check_one(path, text, &[]);
        }
        let stored = "//! A.\nuse hark_proto::stored::Timer;\n";
        check_one("services/router/src/handle.rs", stored, &[]);
    }
}
