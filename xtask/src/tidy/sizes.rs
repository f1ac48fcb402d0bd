//! How large the code is: printed at the end, and a warning where tests are few.

use std::fmt;

use super::outline::Outline;
use super::tree::File;

/// Test lines there should be for each product line.
const TESTS_PER_PRODUCT: f64 = 0.6;
/// The length that nineteen of twenty functions keep to.
const USUAL_FUNCTION: usize = 40;
/// The length that every other file keeps to.
const USUAL_FILE: usize = 150;

/// Lengths of files and functions, and lines that are not blank.
#[derive(Debug, Default)]
pub struct Sizes {
    product: usize,
    tests: usize,
    files: Vec<usize>,
    functions: Vec<usize>,
}

impl Sizes {
    /// Counts a file.
    pub fn add(&mut self, file: &File, outline: &Outline) {
        for (at, line) in file.text.lines().enumerate() {
            match outline.is_test_line(at + 1) {
                _ if line.trim().is_empty() => {}
                true => self.tests += 1,
                false => self.product += 1,
            }
        }
        self.files.push(file.text.lines().count());
        self.functions
            .extend(outline.functions.iter().map(|f| f.lines));
    }

    fn ratio(&self) -> f64 {
        self.tests as f64 / self.product.max(1) as f64
    }
}

impl fmt::Display for Sizes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let function = percentile(&self.functions, 95);
        let file = percentile(&self.files, 50);
        writeln!(
            f,
            "{} product lines, {} test lines ({:.2}); functions p95 {function}; files median {file}",
            self.product,
            self.tests,
            self.ratio()
        )?;
        if self.ratio() < TESTS_PER_PRODUCT {
            writeln!(
                f,
                "warning: {:.2} test lines for a product line; at least {TESTS_PER_PRODUCT}",
                self.ratio()
            )?;
        }
        if function > USUAL_FUNCTION {
            writeln!(
                f,
                "warning: functions p95 {function}; at most {USUAL_FUNCTION}"
            )?;
        }
        if file > USUAL_FILE {
            writeln!(f, "warning: files median {file}; at most {USUAL_FILE}")?;
        }
        Ok(())
    }
}

/// The value below which `percent` of `values` lie; 0 where there are none.
fn percentile(values: &[usize], percent: usize) -> usize {
    let mut sorted = values.to_vec();
    sorted.sort_unstable();
    let last = sorted.len().saturating_sub(1);
    sorted.get(last * percent / 100).copied().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sizes(text: &str) -> Sizes {
        let file = File {
            path: "a.rs".to_owned(),
            text: text.to_owned(),
            is_test: false,
        };
        let mut sizes = Sizes::default();
        sizes.add(&file, &Outline::parse(text, false).unwrap());
        sizes
    }

    #[test]
    fn blank_lines_are_not_counted() {
        let sizes = sizes("fn a() {}\n\n#[cfg(test)]\nmod t {\n\n}\n");
        assert_eq!((sizes.product, sizes.tests), (1, 3));
    }

    #[test]
    fn too_few_tests_are_a_warning() {
        let few = sizes("fn a() {}\nfn b() {}\n");
        assert!(few.to_string().contains("warning: 0.00 test lines"));
        let enough = sizes("fn a() {}\n#[cfg(test)]\nmod t {}\n");
        assert!(!enough.to_string().contains("warning"));
    }

    #[test]
    fn long_functions_and_files_are_a_warning() {
        let long = format!("fn a() {{\n{}}}\n", "b();\n".repeat(150));
        let text = sizes(&long).to_string();
        assert!(text.contains("warning: functions p95 152"), "{text}");
        assert!(text.contains("warning: files median 152"), "{text}");
    }

    #[test]
    fn percentiles_of_nothing_are_zero() {
        assert_eq!(percentile(&[], 95), 0);
        assert_eq!(percentile(&[3, 1, 2], 50), 2);
    }
}
