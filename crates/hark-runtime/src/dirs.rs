//! Where a process keeps what is its own, unless it is told.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

/// The folder for state: `$XDG_DATA_HOME/hark`, or `~/.local/share/hark`; none where there
/// is no home folder either.
pub fn data_dir() -> Option<PathBuf> {
    of(std::env::var_os("XDG_DATA_HOME"), std::env::var_os("HOME"))
}

fn of(xdg: Option<OsString>, home: Option<OsString>) -> Option<PathBuf> {
    let given = |value: Option<OsString>| value.filter(|v| !v.is_empty());
    // The specification has relative ones ignored.
    let xdg = given(xdg).map(PathBuf::from).filter(|p| p.is_absolute());
    let home = || given(home).map(|home| Path::new(&home).join(".local/share"));
    Some(xdg.or_else(home)?.join("hark"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_where_the_specification_says() {
        for (xdg, home, expect) in [
            (Some("/data"), Some("/home/a"), Some("/data/hark")),
            (
                Some("data"),
                Some("/home/a"),
                Some("/home/a/.local/share/hark"),
            ),
            (Some(""), Some("/home/a"), Some("/home/a/.local/share/hark")),
            (None, Some("/home/a"), Some("/home/a/.local/share/hark")),
            (None, Some(""), None),
            (None, None, None),
        ] {
            let found = of(xdg.map(Into::into), home.map(Into::into));
            assert_eq!(found, expect.map(PathBuf::from), "{xdg:?} {home:?}");
        }
    }
}
