//! All spellings of a template that has only few: what the values of lists are said by.

use crate::sentences::Written;
use crate::template::Node;

/// The most spellings of one value.
pub(crate) const MAX_SPELLINGS: usize = 5000;
/// How deep rules may use each other.
const MAX_DEPTH: usize = 16;

/// Every spelling of `node`; rules are looked up with `rule`.
///
/// # Errors
/// Says why there are none or too many.
pub(crate) fn spellings<'a>(
    node: &'a Node,
    rule: &impl Fn(&str) -> Option<&'a Written>,
) -> Result<Vec<String>, &'static str> {
    below(node, rule, 0)
}

fn below<'a>(
    node: &'a Node,
    rule: &impl Fn(&str) -> Option<&'a Written>,
    depth: usize,
) -> Result<Vec<String>, &'static str> {
    if depth > MAX_DEPTH {
        return Err("nests rules more than 16 deep, or in a circle");
    }
    let each = |nodes: &'a [Node]| nodes.iter().map(|n| below(n, rule, depth));
    match node {
        Node::Text(text) => Ok(vec![text.clone()]),
        Node::Space => Ok(vec![" ".to_owned()]),
        Node::Sequence(parts) => {
            each(parts).try_fold(vec![String::new()], |all, part| joined(&all, &part?, ""))
        }
        Node::Alternatives(parts) => {
            each(parts).try_fold(Vec::new(), |all, part| bounded([all, part?].concat()))
        }
        Node::Optional(inner) => {
            let mut all = below(inner, rule, depth)?;
            all.push(String::new());
            bounded(all)
        }
        Node::Permutation(parts) => {
            let parts: Vec<Vec<String>> = each(parts).collect::<Result<_, _>>()?;
            let mut all = Vec::new();
            for order in orders(parts.len()) {
                let mut in_order = order.iter().filter_map(|at| parts.get(*at));
                let one =
                    in_order.try_fold(vec![String::new()], |all, part| joined(&all, part, " "));
                all.append(&mut one?);
                all = bounded(all)?;
            }
            Ok(all)
        }
        Node::Rule(name) => match rule(name) {
            Some(rule_body) => below(&rule_body.template.root, rule, depth + 1),
            None => Err("names a rule that is not there"),
        },
        Node::List { .. } => Err("has a list in it, which a list's value can't have"),
    }
}

fn joined(all: &[String], more: &[String], between: &str) -> Result<Vec<String>, &'static str> {
    let count = all.len().saturating_mul(more.len());
    if count > MAX_SPELLINGS {
        return bounded(vec![String::new(); MAX_SPELLINGS + 1]);
    }
    let pairs = all
        .iter()
        .flat_map(|a| more.iter().map(move |b| format!("{a}{between}{b}")));
    Ok(pairs.collect())
}

fn bounded(all: Vec<String>) -> Result<Vec<String>, &'static str> {
    if all.len() > MAX_SPELLINGS {
        return Err("has more than 5,000 spellings");
    }
    Ok(all)
}

/// Every order of `0..n`.
fn orders(n: usize) -> Vec<Vec<usize>> {
    let mut orders = vec![Vec::new()];
    for next in 0..n {
        let longer = orders.iter().flat_map(|order: &Vec<usize>| {
            (0..=order.len()).map(move |at| {
                let mut order = order.clone();
                order.insert(at, next);
                order
            })
        });
        orders = longer.collect();
    }
    orders
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::template::Template;

    fn all(template: &str) -> Result<Vec<String>, &'static str> {
        let template: Template = template.parse().unwrap();
        let root: &'static Node = Box::leak(Box::new(template.root));
        spellings(root, &|_| None)
    }

    #[test]
    fn every_spelling_is_given_once_for_each_way_to_it() {
        for (template, expect) in [
            ("rot", vec!["rot"]),
            (
                "warm[ ]wei(ss|ß)",
                vec!["warm weiss", "warm weiß", "warmweiss", "warmweiß"],
            ),
            ("(a;b)", vec![" b a", " a b"]),
            ("", vec![""]),
        ] {
            assert_eq!(all(template).unwrap(), expect, "{template}");
        }
    }

    #[test]
    fn what_has_too_many_or_none_is_refused() {
        assert!(all(&"(a|b)".repeat(13)).unwrap_err().contains("5,000"));
        assert!(all("x {area}").unwrap_err().contains("a list in it"));
        assert!(all("<x>").unwrap_err().contains("not there"));
    }
}
