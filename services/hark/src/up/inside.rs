//! Servers that only this process reaches: the same services as in a cluster, over
//! connections in memory.

use hark_core::HomeId;
use hark_runtime::auth::{self, Authenticator};
use hark_runtime::channel::{self, Channel, Options};
use hark_runtime::drain::Drain;
use hark_runtime::memory;
use hark_runtime::process::Process;
use hark_runtime::server::{self, Server};
use hark_runtime::tasks::{OnFailure, Tasks};
use tonic::service::Routes;

/// A server before it runs, and the channel to it.
pub(super) struct Inside {
    name: &'static str,
    server: Server,
    listener: memory::Listener,
    pub(super) channel: Channel,
}

impl Inside {
    /// A server for services of this process.
    pub(super) fn new(
        name: &'static str,
        services: &[&'static str],
        routes: Routes,
        home: &HomeId,
        process: &Process,
    ) -> anyhow::Result<Self> {
        // Whoever calls from within this process is known without a token.
        let auth = Authenticator::new(&auth::Config::default(), home.clone())?;
        let server = Server::new(server::Config::for_nodes(0), auth, process.health()).services(
            hark_proto::FILE_DESCRIPTOR_SET,
            services,
            routes,
        )?;
        let (connector, listener) = memory::pair();
        Ok(Self {
            name,
            server,
            listener,
            channel: channel::in_memory(&connector, &Options::between_nodes()),
        })
    }

    /// Serves until the drain is requested.
    pub(super) fn run(self, tasks: &Tasks, drain: &Drain) {
        let serving = self.server.serve_memory(self.listener, drain.clone());
        tasks.spawn(self.name, OnFailure::Shutdown, serving);
    }
}
