//! What the operating system tells about other processes, disks and its clock. Linux's
//! `/proc`; elsewhere, or where it may not be read, it knows nothing.

use std::fmt;
use std::path::Path;
use std::time::Duration;

use tokio::process::Command;

/// The state of a socket that listens, in `/proc/net/tcp`.
const LISTENS: &str = "0A";
/// A program that is asked answers soon, or not at all.
const PATIENCE: Duration = Duration::from_secs(3);

/// Another process.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Process {
    pub(super) name: String,
    pub(super) pid: u32,
}

impl fmt::Display for Process {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} (process {})", self.name, self.pid)
    }
}

/// The process that listens on a TCP port; `None` where that can't be seen.
pub(super) fn listener(port: u16) -> Option<Process> {
    let tables = ["/proc/net/tcp", "/proc/net/tcp6"];
    let read = |path: &str| std::fs::read_to_string(path).unwrap_or_default();
    let inodes: Vec<u64> = tables
        .iter()
        .flat_map(|table| listening_inodes(&read(table), port))
        .collect();
    owner(&inodes)
}

/// The sockets that listen on a port, in a table like `/proc/net/tcp`.
fn listening_inodes(table: &str, port: u16) -> Vec<u64> {
    let row = |line: &str| {
        let fields: Vec<_> = line.split_whitespace().collect();
        let (_, hex) = fields.get(1)?.rsplit_once(':')?;
        let is_ours = u16::from_str_radix(hex, 16) == Ok(port) && *fields.get(3)? == LISTENS;
        is_ours.then(|| fields.get(9)?.parse().ok())?
    };
    table.lines().skip(1).filter_map(row).collect()
}

fn owner(inodes: &[u64]) -> Option<Process> {
    let sockets: Vec<_> = inodes.iter().map(|i| format!("socket:[{i}]")).collect();
    let processes = std::fs::read_dir("/proc").ok()?;
    let mut numbered = processes
        .flatten()
        .filter_map(|entry| entry.file_name().to_str()?.parse::<u32>().ok());
    let pid = numbered.find(|pid| {
        let files = std::fs::read_dir(format!("/proc/{pid}/fd"));
        let mut files = files.into_iter().flatten().flatten();
        files.any(|file| {
            let target = std::fs::read_link(file.path()).unwrap_or_default();
            sockets.iter().any(|s| Path::new(s) == target)
        })
    })?;
    let name = std::fs::read_to_string(format!("/proc/{pid}/comm")).ok()?;
    Some(Process {
        name: name.trim().to_owned(),
        pid,
    })
}

/// Bytes that may still be written to the disk of a folder.
pub(super) fn free_bytes(folder: &Path) -> Option<u64> {
    let disk = rustix::fs::statvfs(folder).ok()?;
    Some(disk.f_bavail.saturating_mul(disk.f_frsize))
}

/// Whether somebody keeps this machine's clock right, as systemd or chrony say.
pub(super) async fn is_synchronised() -> Option<bool> {
    let systemd = [
        "timedatectl",
        "show",
        "--property=NTPSynchronized",
        "--value",
    ];
    if let Some(said) = ask(&systemd).await
        && let Some(answer) = timedatectl(&said)
    {
        return Some(answer);
    }
    chrony(&ask(&["chronyc", "-c", "tracking"]).await?)
}

fn timedatectl(said: &str) -> Option<bool> {
    match said.trim() {
        "yes" => Some(true),
        "no" => Some(false),
        _ => None,
    }
}

/// The last field of `chronyc -c tracking` is the leap status.
fn chrony(said: &str) -> Option<bool> {
    let (_, status) = said.trim().rsplit_once(',')?;
    Some(status != "Not synchronised")
}

async fn ask(command: &[&str]) -> Option<String> {
    let (program, arguments) = command.split_first()?;
    let mut command = Command::new(program);
    command.args(arguments).kill_on_drop(true);
    command.stdin(std::process::Stdio::null());
    let output = tokio::time::timeout(PATIENCE, command.output()).await;
    let output = output.ok()?.ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    output.status.success().then_some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sockets_that_listen_are_found_in_the_table() {
        let table = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n   \
             0: 0100007F:1E14 00000000:0000 0A 00000000:00000000 00:00000000 00000000  0  0 4242 1 0 100 0\n   \
             1: 0100007F:1E14 0100007F:9999 01 00000000:00000000 00:00000000 00000000  0  0 4343 1 0 100 0\n   \
             2: 00000000000000000000000001000000:1E15 0:0 0A 0:0 00:0 0  0  0 4444 1 0 100 0\n   \
             3: damaged\n";
        assert_eq!(listening_inodes(table, 7700), [4242]);
        assert_eq!(listening_inodes(table, 7701), [4444]);
        assert_eq!(listening_inodes(table, 80), [0u64; 0]);
        assert_eq!(listening_inodes("", 7700), [0u64; 0]);
    }

    #[test]
    fn what_keepers_of_time_say_is_understood() {
        assert_eq!(timedatectl("yes\n"), Some(true));
        assert_eq!(timedatectl("no\n"), Some(false));
        assert_eq!(timedatectl(""), None);
        let tracking = |leap: &str| format!("A29FC801,162.159.200.1,4,1700000000.1,0.0,{leap}\n");
        assert_eq!(chrony(&tracking("Normal")), Some(true));
        assert_eq!(chrony(&tracking("Not synchronised")), Some(false));
        assert_eq!(chrony("506 Cannot talk to daemon"), None);
    }

    #[test]
    fn a_disk_has_room_and_what_is_not_there_has_none() {
        assert!(free_bytes(Path::new("/")).is_some());
        assert_eq!(free_bytes(Path::new("/there/is/none")), None);
    }

    #[tokio::test]
    async fn programs_that_are_not_there_know_nothing() {
        assert_eq!(ask(&["hark-there-is-no-such-program"]).await, None);
        assert_eq!(ask(&["false"]).await, None);
        assert_eq!(ask(&["echo", "yes"]).await.as_deref(), Some("yes\n"));
    }
}
