//! One member of an etcd: its ports, its arguments, its process.

use std::ffi::OsString;
use std::net::SocketAddr;
use std::path::Path;
use std::time::Duration;

use nix::sys::signal::Signal;

use super::{Binary, Options};
use crate::process::{Program, Running};
use crate::tls::Tls;
use crate::{Error, http, ports};

/// A member, running or not.
#[derive(Debug)]
pub(super) struct Member {
    program: Program,
    running: Option<Running>,
    scheme: &'static str,
    client: SocketAddr,
    /// Health and metrics, always without TLS.
    metrics: SocketAddr,
}

impl Member {
    /// The members of one etcd, none of them started.
    pub(super) fn plan(
        binary: &Binary,
        options: &Options,
        tls: Option<&Tls>,
        folder: &Path,
    ) -> Vec<Self> {
        let peers: Vec<_> = (0..options.members).map(|_| ports::free()).collect();
        let all: Vec<_> = (0..)
            .zip(&peers)
            .map(|(n, p)| format!("m{n}=http://{p}"))
            .collect();
        let all = all.join(",");
        let member = |(number, peer): (usize, &SocketAddr)| {
            let mut member = Self {
                program: Program {
                    path: binary.path.clone(),
                    args: vec![],
                    // Debian's etcd refuses to run on some architectures without this.
                    variables: vec![(
                        "ETCD_UNSUPPORTED_ARCH".into(),
                        std::env::consts::ARCH.into(),
                    )],
                    log: folder.join(format!("m{number}.log")),
                },
                running: None,
                scheme: if tls.is_some() { "https" } else { "http" },
                client: ports::free(),
                metrics: ports::free(),
            };
            let mut args = member.addresses(number, *peer, &all);
            args.push(format!(
                "--data-dir={}",
                folder.join(format!("m{number}")).display()
            ));
            args.extend(storage(binary, options));
            args.extend(tls.map(certificates).unwrap_or_default());
            args.extend(options.more.iter().cloned());
            member.program.args = args.into_iter().map(OsString::from).collect();
            member
        };
        peers.iter().enumerate().map(member).collect()
    }

    fn addresses(&self, number: usize, peer: SocketAddr, all: &str) -> Vec<String> {
        vec![
            format!("--name=m{number}"),
            format!("--listen-client-urls={}", self.endpoint()),
            format!("--advertise-client-urls={}", self.endpoint()),
            format!("--listen-peer-urls=http://{peer}"),
            format!("--initial-advertise-peer-urls=http://{peer}"),
            format!("--listen-metrics-urls=http://{}", self.metrics),
            format!("--initial-cluster={all}"),
            "--logger=zap".to_owned(),
            "--log-level=warn".to_owned(),
        ]
    }

    pub(super) fn endpoint(&self) -> String {
        format!("{}://{}", self.scheme, self.client)
    }

    pub(super) fn address(&self) -> SocketAddr {
        self.client
    }

    pub(super) fn start(&mut self) -> Result<(), Error> {
        if self.running.is_none() {
            self.running = Some(self.program.start()?);
        }
        Ok(())
    }

    pub(super) fn kill(&mut self) -> Result<(), Error> {
        self.running.take().map_or(Ok(()), |mut r| r.kill())
    }

    pub(super) fn pause(&mut self) -> Result<(), Error> {
        self.running.as_mut().map_or(Ok(()), Running::pause)
    }

    pub(super) fn signal(&self, signal: Signal) -> Result<(), Error> {
        self.running.as_ref().map_or(Ok(()), |r| r.signal(signal))
    }

    pub(super) fn leads(&self) -> bool {
        let page = self
            .running
            .as_ref()
            .and_then(|_| http::get(self.metrics, "/metrics"));
        page.is_some_and(|page| page.lines().any(|l| l == "etcd_server_is_leader 1"))
    }

    pub(super) fn wait_until_healthy(&mut self, limit: Duration) -> Result<(), Error> {
        let Some(running) = &mut self.running else {
            return Ok(());
        };
        let address = self.metrics;
        running.wait_for("a healthy etcd", limit, || {
            let page = http::get(address, "/health")?;
            page.contains("\"true\"").then_some(())
        })
    }

    pub(super) fn log_tail(&self) -> String {
        self.running
            .as_ref()
            .map(Running::log_tail)
            .unwrap_or_default()
    }
}

fn storage(binary: &Binary, options: &Options) -> Vec<String> {
    let mut args = Vec::new();
    if binary.can_skip_syncs {
        // The kernel keeps what a killed process wrote.
        args.push("--unsafe-no-fsync".to_owned());
    }
    if let Some(bytes) = options.quota_bytes {
        args.push(format!("--quota-backend-bytes={bytes}"));
    }
    args
}

fn certificates(tls: &Tls) -> Vec<String> {
    vec![
        format!("--cert-file={}", tls.server.cert.display()),
        format!("--key-file={}", tls.server.key.display()),
        format!("--trusted-ca-file={}", tls.ca.display()),
        "--client-cert-auth".to_owned(),
    ]
}
