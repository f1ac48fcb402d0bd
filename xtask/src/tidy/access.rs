//! Every method of the contract says who may call it, and no rule is left over.

use super::finding::Finding;
use super::proto::Method;

/// Where the table is.
const TABLE: &str = "crates/hark-core/src/access.rs";
/// Packages whose methods are ours to declare.
const OURS: &str = "/hark.";

/// Compares the methods of the proto files with the paths that have a rule.
pub fn check(methods: &[Method], rules: &[&str]) -> Vec<Finding> {
    let mut findings = Vec::new();
    for method in methods {
        if !rules.contains(&method.path.as_str()) {
            findings.push(Finding::new(
                &method.file,
                method.line,
                format!("{} has no access rule", method.path),
                "say who may call it in hark_core::access::TABLE",
            ));
        }
    }
    for (at, rule) in rules.iter().enumerate() {
        if rules[..at].contains(rule) {
            findings.push(Finding::new(
                TABLE,
                1,
                format!("{rule} has two access rules"),
                "keep one",
            ));
        }
        if rule.starts_with(OURS) && !methods.iter().any(|m| m.path == *rule) {
            findings.push(Finding::new(
                TABLE,
                1,
                format!("{rule} has an access rule but is in no proto file"),
                "remove the rule, or correct its path",
            ));
        }
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(methods: &[&str], rules: &[&str]) -> Vec<String> {
        let methods: Vec<Method> = methods
            .iter()
            .map(|path| Method {
                file: "a.proto".to_owned(),
                line: 3,
                path: (*path).to_owned(),
            })
            .collect();
        let findings = check(&methods, rules);
        findings.iter().map(|f| f.what().to_owned()).collect()
    }

    #[test]
    fn methods_and_rules_that_match_pass() {
        let rules = ["/hark.v1.A/B", "/grpc.health.v1.Health/Check"];
        assert_eq!(found(&["/hark.v1.A/B"], &rules), [] as [&str; 0]);
    }

    #[test]
    fn a_method_without_a_rule_is_found() {
        let expect = ["/hark.v1.A/C has no access rule"];
        assert_eq!(
            found(&["/hark.v1.A/B", "/hark.v1.A/C"], &["/hark.v1.A/B"]),
            expect
        );
    }

    #[test]
    fn a_rule_without_a_method_or_given_twice_is_found() {
        let expect = ["/hark.v1.A/B has an access rule but is in no proto file"];
        assert_eq!(found(&[], &["/hark.v1.A/B"]), expect);
        let twice = ["/hark.v1.A/B", "/hark.v1.A/B"];
        assert_eq!(
            found(&["/hark.v1.A/B"], &twice),
            ["/hark.v1.A/B has two access rules"]
        );
    }
}
