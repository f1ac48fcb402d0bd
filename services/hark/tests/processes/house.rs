//! Six processes and an etcd.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use hark_client::{Client, Nodes, Options};
use hark_core::cluster::Role;
use hark_harness::etcd::Etcd;
use hark_harness::ports;
use hark_harness::process::{Program, Running};
use nix::sys::signal::Signal;
use tempfile::TempDir;

/// Longer than anything should take; only a fault meets it.
const PATIENCE: Duration = Duration::from_secs(120);
const LOOK: Duration = Duration::from_millis(10);

/// Two of each, and who speaks to the first ingest.
pub struct House {
    pub client: Client,
    folder: TempDir,
    etcd: Etcd,
    address: SocketAddr,
    processes: Vec<Process>,
}

struct Process {
    role: Role,
    name: String,
    program: Program,
    running: Running,
}

impl House {
    /// All of them, each seen serving. `None`, after a line `not run: …`, where something
    /// is not here.
    pub async fn start() -> Option<Self> {
        let etcd = Etcd::start(1)?;
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("token"), "a-token-of-nodes").unwrap();
        let mut processes = Vec::new();
        let mut addresses = Vec::new();
        for role in Role::ALL {
            for number in 0..2 {
                let name = format!("{}-{number}", role.as_str());
                let address = ports::free();
                let Some(path) = binary(role) else {
                    println!("not run: hark-{} is not built", role.as_str());
                    return None;
                };
                let program = program(&folder, &etcd, path, &name, address);
                let running = program.start().unwrap();
                addresses.push(address);
                processes.push(Process {
                    role,
                    name,
                    program,
                    running,
                });
            }
        }
        let address = addresses[0];
        let client = connect(address, &mut processes[0].running).await;
        let house = Self {
            client,
            folder,
            etcd,
            address,
            processes,
        };
        house.until_all_serve().await;
        Some(house)
    }

    /// Sends the first process of a role a signal, and says which that is.
    pub fn strike(&self, role: Role, signal: Signal) -> String {
        let process = self.first(role);
        process.running.signal(signal).unwrap();
        process.name.clone()
    }

    /// Starts or wakes the first process of a role again, and waits until it serves.
    pub async fn mend(&mut self, role: Role, signal: Signal) {
        let first = self.processes.iter_mut().find(|p| p.role == role).unwrap();
        match signal {
            Signal::SIGSTOP => first.running.signal(Signal::SIGCONT).unwrap(),
            _ => {
                // Who ends in order keeps its ports to the end.
                first.wait_for_end();
                first.running = first.program.start().unwrap();
            }
        }
        self.until_all_serve().await;
    }

    /// Waits until a node gets no work.
    pub async fn until_out(&self, node: &str) {
        let is_out = |nodes: &Nodes| {
            let node = nodes.nodes.iter().find(|n| n.id == node);
            node.is_none_or(|n| n.parts.iter().all(|p| !p.ready))
        };
        self.until(&format!("{node} is out"), is_out).await;
    }

    /// What the command line says.
    pub fn hark(&self, args: &[&str]) -> String {
        let server = self.address.to_string();
        let mut command = Command::new(env!("CARGO_BIN_EXE_hark"));
        command.args(args).args(["--server", &server]);
        let output = command.output().unwrap();
        assert!(output.status.success(), "{output:?}");
        String::from_utf8(output.stdout).unwrap()
    }

    /// Checks that the first process of a role has ended by itself.
    pub fn has_ended(&mut self, role: Role) {
        let first = self.processes.iter_mut().find(|p| p.role == role).unwrap();
        first.wait_for_end();
    }

    async fn until_all_serve(&self) {
        let count = self.processes.len();
        let serve = |nodes: &Nodes| {
            let ready = |n: &&hark_client::Node| n.parts.iter().all(|p| p.ready);
            nodes.nodes.iter().filter(ready).count() == count
        };
        self.until("all serve", serve).await;
    }

    async fn until(&self, what: &str, is_so: impl Fn(&Nodes) -> bool) {
        let began = Instant::now();
        loop {
            let nodes = self.client.nodes().await;
            if nodes.as_ref().is_ok_and(&is_so) {
                return;
            }
            if began.elapsed() > PATIENCE {
                let logs = self.processes.iter().map(|p| p.running.log_tail());
                let logs: Vec<_> = logs.collect();
                panic!("never: {what}: {nodes:#?}\n{}", logs.join("\n---\n"));
            }
            tokio::time::sleep(LOOK).await;
        }
    }

    fn first(&self, role: Role) -> &Process {
        self.processes.iter().find(|p| p.role == role).unwrap()
    }
}

impl Process {
    fn wait_for_end(&mut self) {
        let began = Instant::now();
        while !self.running.has_ended() {
            assert!(began.elapsed() < PATIENCE, "{} still runs", self.name);
            std::thread::sleep(LOOK);
        }
    }
}

impl Drop for House {
    fn drop(&mut self) {
        if std::thread::panicking() {
            for process in &self.processes {
                println!("{}:\n{}", process.name, process.running.log_tail());
            }
            println!(
                "{:?} in {}",
                self.etcd.endpoints(),
                self.folder.path().display()
            );
        }
    }
}

/// The program of a role: cargo puts it beside ours.
fn binary(role: Role) -> Option<PathBuf> {
    let ours = Path::new(env!("CARGO_BIN_EXE_hark"));
    let path = ours.with_file_name(format!("hark-{}", role.as_str()));
    path.exists().then_some(path)
}

fn program(
    folder: &TempDir,
    etcd: &Etcd,
    path: PathBuf,
    name: &str,
    address: SocketAddr,
) -> Program {
    let token = folder.path().join("token").display().to_string();
    let role = name.split('-').next().unwrap();
    let mut variables = vec![
        ("HARK__NODE__NAME", name.to_owned()),
        ("HARK__NODE__LEASE_TTL_MS", "5000".to_owned()),
        ("HARK__SERVER__LISTEN", address.to_string()),
        ("HARK__ADMIN__LISTEN", ports::free().to_string()),
        ("HARK__AUTH__NODE_TOKEN_FILE", token.clone()),
        ("HARK__STORE__KIND", "etcd".to_owned()),
        (
            "HARK__STORE__ETCD__ENDPOINTS",
            format!("{:?}", etcd.endpoints()),
        ),
    ];
    match role {
        "ingest" => variables.push(("HARK__WORKERS__TOKEN_FILE", token)),
        "inference" => {
            variables.push(("HARK__INFERENCE__ENGINE", "fake".to_owned()));
            let heard = "Schalte das Licht im Flur ein".to_owned();
            variables.push(("HARK__INFERENCE__FAKE_TRANSCRIPT", heard));
        }
        _ => {}
    }
    let variables = variables.into_iter();
    Program {
        path,
        args: Vec::new(),
        variables: variables.map(|(k, v)| (k.into(), v.into())).collect(),
        log: folder.path().join(format!("{name}.log")),
    }
}

async fn connect(address: SocketAddr, running: &mut Running) -> Client {
    let began = Instant::now();
    loop {
        match Client::connect(&Options::new([address.to_string()])).await {
            Ok(client) => return client,
            Err(error) if began.elapsed() > PATIENCE || running.has_ended() => {
                panic!("{error}\n{}", running.log_tail())
            }
            Err(_) => tokio::time::sleep(LOOK).await,
        }
    }
}
