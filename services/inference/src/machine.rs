//! What this machine has for a model, as Linux tells it.

use hark_core::ladder::Machine;

/// Memory that may still be taken, within the limit of the control group, and cores.
pub(crate) fn machine(threads: usize) -> Machine {
    let read = |path: &str| std::fs::read_to_string(path).ok();
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let system = read("/proc/meminfo").and_then(|text| available(&text));
    let limit = group(
        read("/sys/fs/cgroup/memory.max"),
        read("/sys/fs/cgroup/memory.current"),
        read("/sys/fs/cgroup/memory.stat"),
    );
    Machine {
        memory: system.into_iter().chain(limit).min(),
        cores: match threads {
            0 => cores,
            threads => threads.min(cores),
        },
    }
}

/// Bytes that programs may take without the system having to swap.
fn available(meminfo: &str) -> Option<u64> {
    let line = meminfo
        .lines()
        .find_map(|l| l.strip_prefix("MemAvailable:"))?;
    let kibibytes: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    kibibytes.checked_mul(1024)
}

/// Bytes left of a control group's limit; files that are only cached don't count.
fn group(max: Option<String>, current: Option<String>, stat: Option<String>) -> Option<u64> {
    let number = |text: &str| text.trim().parse::<u64>().ok();
    let max = number(&max?)?;
    let cached = stat.and_then(|text| {
        text.lines()
            .find_map(|l| number(l.strip_prefix("inactive_file ")?))
    });
    let used = number(&current?)?.saturating_sub(cached.unwrap_or(0));
    Some(max.saturating_sub(used))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_is_read_as_linux_writes_it() {
        let meminfo = "MemTotal:  16 kB\nMemAvailable:    8192 kB\n";
        assert_eq!(available(meminfo), Some(8 << 20));
        assert_eq!(available("MemTotal: 16 kB\n"), None);
        let text = |text: &str| Some(text.to_owned());
        let stat = text("anon 5\ninactive_file 300\n");
        assert_eq!(
            group(text("1000\n"), text("800\n"), stat.clone()),
            Some(500)
        );
        assert_eq!(group(text("1000"), text("2000"), None), Some(0));
        assert_eq!(group(text("max\n"), text("800\n"), stat), None);
        assert_eq!(group(None, None, None), None);
    }

    #[test]
    fn this_machine_has_something() {
        let here = machine(0);
        assert!(here.cores > 0);
        assert!(here.memory.is_none_or(|bytes| bytes > 0));
        assert_eq!(machine(1).cores, 1);
    }
}
