//! English number words.

use super::{Words, table};

const ONES: [&str; 20] = [
    "zero",
    "one",
    "two",
    "three",
    "four",
    "five",
    "six",
    "seven",
    "eight",
    "nine",
    "ten",
    "eleven",
    "twelve",
    "thirteen",
    "fourteen",
    "fifteen",
    "sixteen",
    "seventeen",
    "eighteen",
    "nineteen",
];
const TENS: [&str; 10] = [
    "", "ten", "twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety",
];

pub(super) fn words() -> Words {
    let usual = (0..1000).map(|n| (spell(n), n));
    // "a hundred", "a hundred and five", "one hundred and five".
    let hundreds = (100..1000).flat_map(|n| {
        let heads = match n / 100 {
            1 => vec!["a", "one"],
            digit => vec![word(&ONES, digit)],
        };
        let tails = match n % 100 {
            0 => vec![String::new()],
            rest => vec![below_hundred(rest), format!("and {}", below_hundred(rest))],
        };
        let pairs = heads.into_iter().flat_map(move |head| {
            let tails = tails.clone().into_iter();
            tails.map(move |tail| (format!("{head} hundred {tail}"), n))
        });
        pairs.collect::<Vec<_>>()
    });
    Words {
        below_thousand: table(usual.chain(hundreds)),
        thousand: "thousand",
        and: "and",
        point: " point ",
        and_a_half: &[" and a half", " and one half"],
        fixed: &[("a thousand", 1000.0)],
        spell,
        joint: " ",
    }
}

fn spell(number: u32) -> String {
    match number {
        0..100 => below_hundred(number),
        _ => {
            let hundreds = format!("{} hundred", word(&ONES, number / 100));
            match number % 100 {
                0 => hundreds,
                rest => format!("{hundreds} {}", below_hundred(rest)),
            }
        }
    }
}

fn below_hundred(number: u32) -> String {
    match number {
        0..20 => word(&ONES, number).to_owned(),
        _ => {
            let tens = word(&TENS, number / 10);
            match number % 10 {
                0 => tens.to_owned(),
                digit => format!("{tens}-{}", word(&ONES, digit)),
            }
        }
    }
}

fn word(words: &[&'static str], at: u32) -> &'static str {
    words.get(at as usize).copied().unwrap_or("")
}
