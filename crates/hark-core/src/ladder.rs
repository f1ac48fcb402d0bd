//! Which of the models that are there a machine should run.
//!
//! The ladder goes from the model that understands most to the one that asks for least.
//! The first that the machine bears is taken: its weights fit into memory, and a command
//! of three seconds is heard soon enough.

use std::fmt;
use std::time::Duration;

/// The ladder, best first. Models of other names are never taken unasked.
pub const RUNGS: [&str; 8] = [
    "large-v3",
    "large-v3-turbo",
    "medium",
    "small",
    "home",
    "base",
    "tiny",
    "nano",
];
/// What a core computes in a second, carefully guessed: half of what was measured of our
/// engine on machines that do nothing else.
const FLOPS_OF_A_CORE: f64 = 10e9;
/// Nobody should wait longer for a command to be heard.
const PATIENCE: Duration = Duration::from_secs(2);

/// What a machine has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Machine {
    /// Bytes of memory that may still be taken; none where that can't be told.
    pub memory: Option<u64>,
    /// Cores that compute.
    pub cores: usize,
}

/// What a model asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Needs {
    /// Bytes of memory, at their most.
    pub memory: u64,
    /// Floating-point operations for a command of three seconds.
    pub flops: u64,
}

/// A model that is there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rung {
    /// Its name on the ladder.
    pub name: String,
    /// What it asks for.
    pub needs: Needs,
}

/// Why a model is not taken.
#[derive(Debug, Clone, PartialEq)]
pub enum Unfit {
    /// It takes more memory than there is.
    Memory {
        /// Bytes that it takes.
        needs: u64,
        /// Bytes that are left.
        left: u64,
    },
    /// A command would take too long.
    Slow {
        /// How long, about.
        takes: Duration,
    },
}

/// What is taken.
#[derive(Debug, Clone, PartialEq)]
pub struct Choice {
    /// The model; none if none of the ladder is there.
    pub taken: Option<String>,
    /// Better ones that are there and not taken, best first, and why.
    pub passed: Vec<(String, Unfit)>,
    /// The machine does not bear what is taken either: it is the least that is there.
    pub is_beyond: bool,
}

/// Where a name stands on the ladder, 0 the best; none if it doesn't.
pub fn rank(name: &str) -> Option<usize> {
    RUNGS.iter().position(|rung| *rung == name)
}

/// Chooses among the models that are there.
pub fn choose(rungs: &[Rung], machine: Machine) -> Choice {
    let mut ladder: Vec<(usize, &Rung)> = rungs
        .iter()
        .filter_map(|rung| Some((rank(&rung.name)?, rung)))
        .collect();
    ladder.sort_by_key(|(rank, _)| *rank);
    let mut passed = Vec::new();
    for (_, rung) in &ladder {
        match unfit(rung.needs, machine) {
            None => {
                let taken = Some(rung.name.clone());
                return Choice {
                    taken,
                    passed,
                    is_beyond: false,
                };
            }
            Some(why) => passed.push((rung.name.clone(), why)),
        }
    }
    // A house that understands slowly is better than one that doesn't.
    let least = passed.pop().map(|(name, _)| name);
    Choice {
        is_beyond: least.is_some(),
        taken: least,
        passed,
    }
}

/// Why a machine does not bear a model; none if it does.
pub fn unfit(needs: Needs, machine: Machine) -> Option<Unfit> {
    if let Some(left) = machine.memory
        && needs.memory > left
    {
        let needs = needs.memory;
        return Some(Unfit::Memory { needs, left });
    }
    #[expect(clippy::cast_precision_loss, reason = "an estimate")]
    let seconds = needs.flops as f64 / (machine.cores.max(1) as f64 * FLOPS_OF_A_CORE);
    let takes = Duration::try_from_secs_f64(seconds).unwrap_or(Duration::MAX);
    (takes > PATIENCE).then_some(Unfit::Slow { takes })
}

impl fmt::Display for Unfit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Memory { needs, left } => {
                write!(
                    f,
                    "needs {} MiB of memory, {} are left",
                    needs >> 20,
                    left >> 20
                )
            }
            Self::Slow { takes } => {
                write!(
                    f,
                    "would take about {:.0} s for a command",
                    takes.as_secs_f64()
                )
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const MIB: u64 = 1 << 20;

    fn rung(name: &str, mib: u64, gigaflops: u64) -> Rung {
        let needs = Needs {
            memory: mib * MIB,
            flops: gigaflops * 1_000_000_000,
        };
        Rung {
            name: name.to_owned(),
            needs,
        }
    }

    fn all() -> Vec<Rung> {
        vec![
            rung("nano", 100, 1),
            rung("mine", 1, 1),
            rung("base", 500, 13),
            rung("small", 1500, 50),
            rung("home", 410, 13),
        ]
    }

    fn machine(mib: u64, cores: usize) -> Machine {
        Machine {
            memory: Some(mib * MIB),
            cores,
        }
    }

    #[test]
    fn the_best_that_the_machine_bears_is_taken() {
        for (machine, taken, passed) in [
            (machine(8_000, 4), "small", &[][..]),
            (machine(8_000, 2), "home", &["small"][..]),
            (machine(450, 4), "home", &["small"]),
            (machine(200, 4), "nano", &["small", "home", "base"]),
            (
                Machine {
                    memory: None,
                    cores: 0,
                },
                "home",
                &["small"],
            ),
        ] {
            let choice = choose(&all(), machine);
            assert_eq!(choice.taken.as_deref(), Some(taken), "{machine:?}");
            let names: Vec<_> = choice
                .passed
                .iter()
                .map(|(name, _)| name.as_str())
                .collect();
            assert_eq!(names, passed, "{machine:?}");
            assert!(!choice.is_beyond);
        }
    }

    #[test]
    fn where_nothing_fits_the_least_is_taken() {
        let choice = choose(&all(), machine(10, 1));
        assert_eq!(
            (choice.taken.as_deref(), choice.is_beyond),
            (Some("nano"), true)
        );
        let none = choose(&[rung("mine", 1, 1)], machine(10, 1));
        assert_eq!((none.taken, none.is_beyond), (None, false));
    }

    #[test]
    fn reasons_can_be_read() {
        let why = |needs, machine| unfit(needs, machine).unwrap().to_string();
        let needs = rung("small", 1500, 50).needs;
        assert_eq!(
            why(needs, machine(200, 4)),
            "needs 1500 MiB of memory, 200 are left"
        );
        assert_eq!(
            why(needs, machine(2000, 2)),
            "would take about 2 s for a command"
        );
    }

    proptest! {
        /// More memory or cores never lead to a lesser model, and what is taken unless it
        /// is beyond the machine is borne by it, as nothing better is.
        #[test]
        fn a_better_machine_gets_no_lesser_model(
            needs in prop::collection::vec((0_u64..4_000, 0_u64..200), RUNGS.len()),
            memory in 0_u64..4_000,
            cores in 1_usize..32,
            more in 0_u64..4_000,
        ) {
            let rungs: Vec<_> = RUNGS.iter().zip(&needs)
                .map(|(name, (mib, gigaflops))| rung(name, *mib, *gigaflops))
                .collect();
            let choice = choose(&rungs, machine(memory, cores));
            let better = choose(&rungs, machine(memory + more, cores + 1));
            let rank = |choice: &Choice| rank(choice.taken.as_deref().unwrap()).unwrap();
            prop_assert!(rank(&better) <= rank(&choice));
            let taken = &rungs[rank(&choice)];
            prop_assert_eq!(unfit(taken.needs, machine(memory, cores)).is_some(), choice.is_beyond);
            prop_assert_eq!(choice.passed.len(), rank(&choice));
        }
    }
}
