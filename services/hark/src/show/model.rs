//! Models for people.

/// So many bytes.
pub fn bytes(count: u64) -> String {
    let (kilo, mega, giga) = (1e3, 1e6, 1e9);
    let count = count as f64;
    if count < kilo {
        format!("{count} B")
    } else if count < mega {
        format!("{:.1} kB", count / kilo)
    } else if count < giga {
        format!("{:.1} MB", count / mega)
    } else {
        format!("{:.2} GB", count / giga)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_are_counted_in_what_fits() {
        for (count, expect) in [
            (0, "0 B"),
            (999, "999 B"),
            (1_500, "1.5 kB"),
            (10_226_689, "10.2 MB"),
            (3_090_000_000, "3.09 GB"),
        ] {
            assert_eq!(bytes(count), expect);
        }
    }
}
