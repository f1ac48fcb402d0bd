//! Which etcd it is, and what can be relied on with it.

use hark_core::store::Error;

/// The oldest that is worked with.
const OLDEST: Version = Version(3, 4, 0);
/// The first whose word about a watch's progress never comes before the changes that it
/// is about.
const EXACT_PROGRESS: Version = Version(3, 5, 8);

/// A version of etcd.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Version(u32, u32, u32);

impl Version {
    /// The first that tells it to administrators alone.
    pub(crate) const SECRETIVE: Self = Self(3, 6, 0);

    /// The version that a member says it has, if it can be worked with.
    pub(crate) fn accept(text: &str) -> Result<Self, Error> {
        let version = Self::parse(text)
            .ok_or_else(|| Error::Invalid(format!("etcd says it is version {text:?}")))?;
        if version < OLDEST {
            return Err(Error::Invalid(format!(
                "etcd is version {text}; Hark needs 3.4 or newer: update it"
            )));
        }
        Ok(version)
    }

    /// Whether "all up to this revision was sent" is always true when it is said.
    pub(crate) fn progress_is_exact(self) -> bool {
        self >= EXACT_PROGRESS
    }

    fn parse(text: &str) -> Option<Self> {
        let text = text.split(['-', '+']).next()?;
        let mut numbers = text.split('.').map(str::parse);
        let version = Self(
            numbers.next()?.ok()?,
            numbers.next()?.ok()?,
            numbers.next().unwrap_or(Ok(0)).ok()?,
        );
        numbers.next().is_none().then_some(version)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn old_versions_are_refused_by_name() {
        for good in ["3.4.0", "3.4.23", "3.5.8", "3.6.8", "3.7.0-rc.1", "4.0.0"] {
            Version::accept(good).unwrap();
        }
        for bad in ["3.3.27", "2.3.8", "3.0.0", "", "three", "3.4.1.2"] {
            let error = Version::accept(bad).unwrap_err().to_string();
            assert!(error.contains(bad), "{error}");
        }
        let error = Version::accept("3.3.27").unwrap_err().to_string();
        assert!(error.contains("3.4 or newer"), "{error}");
    }

    #[test]
    fn only_newer_ones_tell_progress_exactly() {
        let check = |text, expected| {
            let version = Version::accept(text).unwrap();
            assert_eq!(version.progress_is_exact(), expected, "{text}");
        };
        check("3.4.23", false);
        check("3.5.7", false);
        check("3.5.8", true);
        check("3.6.0", true);
    }
}
