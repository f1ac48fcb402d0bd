//! What the checks need to know of a Rust file: its functions, its tests, its tokens.

use std::ops::RangeInclusive;

use proc_macro2::{TokenStream, TokenTree};
use syn::visit::{self, Visit};

/// A function with a body.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Function {
    /// Its name.
    pub name: String,
    /// The line its signature begins on.
    pub line: usize,
    /// Lines from its signature to its closing brace.
    pub lines: usize,
    /// Whether a trait dictated its name.
    pub is_dictated: bool,
}

/// A token that a rule may care about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Token {
    /// Its text.
    pub text: String,
    /// The line it is on.
    pub line: usize,
}

/// A Rust file, parsed.
#[derive(Debug, Default)]
pub struct Outline {
    /// Its functions, tests included.
    pub functions: Vec<Function>,
    /// Lines of its type aliases.
    pub aliases: Vec<usize>,
    /// Its tokens, those inside macros included, tests excluded.
    pub tokens: Vec<Token>,
    tests: Vec<RangeInclusive<usize>>,
    is_test: bool,
}

impl Outline {
    /// Parses `text`; `is_test` says that all of it is a test.
    pub fn parse(text: &str, is_test: bool) -> syn::Result<Self> {
        let parsed = syn::parse_file(text)?;
        let mut outline = Self {
            is_test,
            ..Self::default()
        };
        outline.visit_file(&parsed);
        let mut tokens = Vec::new();
        flatten(text.parse()?, &mut tokens);
        tokens.retain(|t| !outline.is_test_line(t.line));
        outline.tokens = tokens;
        Ok(outline)
    }

    /// Whether a line belongs to a test.
    pub fn is_test_line(&self, line: usize) -> bool {
        self.is_test || self.tests.iter().any(|r| r.contains(&line))
    }

    fn add(&mut self, sig: &syn::Signature, end: usize, is_dictated: bool) {
        let line = sig.fn_token.span.start().line;
        self.functions.push(Function {
            name: sig.ident.to_string(),
            line,
            lines: end + 1 - line,
            is_dictated,
        });
    }
}

impl<'ast> Visit<'ast> for Outline {
    fn visit_item(&mut self, item: &'ast syn::Item) {
        use syn::spanned::Spanned as _;
        if attributes(item).iter().any(is_for_tests) {
            let span = item.span();
            self.tests.push(span.start().line..=span.end().line);
        }
        visit::visit_item(self, item);
    }

    fn visit_item_fn(&mut self, item: &'ast syn::ItemFn) {
        self.add(&item.sig, close(&item.block), false);
        visit::visit_item_fn(self, item);
    }

    fn visit_item_impl(&mut self, item: &'ast syn::ItemImpl) {
        for member in &item.items {
            if let syn::ImplItem::Fn(f) = member {
                self.add(&f.sig, close(&f.block), item.trait_.is_some());
            }
        }
        visit::visit_item_impl(self, item);
    }

    fn visit_trait_item_fn(&mut self, item: &'ast syn::TraitItemFn) {
        if let Some(block) = &item.default {
            self.add(&item.sig, close(block), false);
        }
        visit::visit_trait_item_fn(self, item);
    }

    fn visit_item_type(&mut self, item: &'ast syn::ItemType) {
        self.aliases.push(item.type_token.span.start().line);
        visit::visit_item_type(self, item);
    }
}

/// The names of the modules that `text` declares for tests alone, in files of their own.
pub fn test_modules(text: &str) -> Vec<String> {
    let Ok(parsed) = syn::parse_file(text) else {
        return Vec::new();
    };
    let modules = parsed.items.iter().filter_map(|item| match item {
        syn::Item::Mod(m) if m.content.is_none() && m.attrs.iter().any(is_for_tests) => {
            Some(m.ident.to_string())
        }
        _ => None,
    });
    modules.collect()
}

/// The line of a block's closing brace.
fn close(block: &syn::Block) -> usize {
    block.brace_token.span.close().end().line
}

fn attributes(item: &syn::Item) -> &[syn::Attribute] {
    match item {
        syn::Item::Const(i) => &i.attrs,
        syn::Item::Enum(i) => &i.attrs,
        syn::Item::Fn(i) => &i.attrs,
        syn::Item::Impl(i) => &i.attrs,
        syn::Item::Macro(i) => &i.attrs,
        syn::Item::Mod(i) => &i.attrs,
        syn::Item::Static(i) => &i.attrs,
        syn::Item::Struct(i) => &i.attrs,
        syn::Item::Trait(i) => &i.attrs,
        syn::Item::Use(i) => &i.attrs,
        _ => &[],
    }
}

/// Whether an attribute is `cfg(test)`, or `cfg(all(test, …))`.
fn is_for_tests(attribute: &syn::Attribute) -> bool {
    let syn::Meta::List(list) = &attribute.meta else {
        return false;
    };
    list.path.is_ident("cfg") && demands_test(list.tokens.clone())
}

fn demands_test(condition: TokenStream) -> bool {
    let mut tokens = condition.into_iter();
    match (tokens.next(), tokens.next()) {
        (Some(TokenTree::Ident(i)), None) => i == "test",
        (Some(TokenTree::Ident(i)), Some(TokenTree::Group(g))) if i == "all" => g
            .stream()
            .into_iter()
            .any(|t| matches!(t, TokenTree::Ident(i) if i == "test")),
        _ => false,
    }
}

fn flatten(stream: TokenStream, into: &mut Vec<Token>) {
    for tree in stream {
        let line = tree.span().start().line;
        match tree {
            TokenTree::Group(group) => {
                let (open, close) = match group.delimiter() {
                    proc_macro2::Delimiter::Parenthesis => ("(", ")"),
                    proc_macro2::Delimiter::Brace => ("{", "}"),
                    proc_macro2::Delimiter::Bracket => ("[", "]"),
                    proc_macro2::Delimiter::None => ("", ""),
                };
                push(into, open, line);
                flatten(group.stream(), into);
                push(into, close, group.span_close().start().line);
            }
            leaf => push(into, &leaf.to_string(), line),
        }
    }
}

fn push(into: &mut Vec<Token>, text: &str, line: usize) {
    into.push(Token {
        text: text.to_owned(),
        line,
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_function_is_measured_from_signature_to_brace() {
        let text = "/// Docs\n/// more\nfn a(\n  b: u8,\n) {\n  c();\n}\n";
        let outline = Outline::parse(text, false).unwrap();
        let f = &outline.functions[0];
        assert_eq!((f.name.as_str(), f.line, f.lines), ("a", 3, 5));
    }

    #[test]
    fn methods_defaults_and_nested_functions_count() {
        let text = "impl A { fn a() { fn b() {} } }\ntrait T { fn c() {} fn d(); }\n\
                    impl T for A { fn e() {} }";
        let outline = Outline::parse(text, false).unwrap();
        let names: Vec<_> = outline
            .functions
            .iter()
            .map(|f| (f.name.as_str(), f.is_dictated))
            .collect();
        assert_eq!(
            names,
            [("a", false), ("b", false), ("c", false), ("e", true)]
        );
    }

    #[test]
    fn only_what_demands_test_is_a_test() {
        for (condition, expect) in [
            ("test", true),
            ("all(test, unix)", true),
            ("any(test, feature = \"x\")", false),
            ("not(test)", false),
            ("unix", false),
        ] {
            let text = format!("fn a() {{}}\n#[cfg({condition})]\nmod t {{\n fn b() {{}}\n}}\n");
            let outline = Outline::parse(&text, false).unwrap();
            assert!(!outline.is_test_line(1), "{condition}");
            assert_eq!(outline.is_test_line(4), expect, "{condition}");
        }
    }

    #[test]
    fn tokens_are_seen_inside_macros_but_not_in_tests_strings_and_comments() {
        let text =
            "// alpha\nfn a() { m!(beta, [\"gamma\"]); }\n#[cfg(test)]\nmod t { use delta; }";
        let outline = Outline::parse(text, false).unwrap();
        let has = |word: &str| outline.tokens.iter().any(|t| t.text == word);
        assert!(has("beta"));
        assert!(!has("alpha") && !has("gamma") && !has("delta"));
    }

    #[test]
    fn modules_for_tests_in_other_files_are_named() {
        let text = "mod a;\n#[cfg(test)]\nmod b;\n#[cfg(test)]\nmod c {}";
        assert_eq!(test_modules(text), ["b"]);
    }
}
