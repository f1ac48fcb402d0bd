//! `grpc.health.v1`, fed by [`Health`]: the server and each of its services serve when the
//! process is ready.

use std::collections::HashSet;
use std::pin::Pin;

use futures_util::{Stream, StreamExt as _, stream};
use tokio::sync::watch;
use tonic::{Request, Response, Status};
use tonic_health::pb::health_check_response::ServingStatus;
use tonic_health::pb::{HealthCheckRequest, HealthCheckResponse, health_server};

use crate::health::{Health, Snapshot};

/// The service.
#[derive(Debug)]
pub(super) struct HealthService {
    health: Health,
    services: HashSet<&'static str>,
}

impl HealthService {
    pub(super) fn new(health: &Health) -> Self {
        Self {
            health: health.clone(),
            services: HashSet::from([""]),
        }
    }

    pub(super) fn add(&mut self, service: &'static str) {
        self.services.insert(service);
    }
}

#[tonic::async_trait]
impl health_server::Health for HealthService {
    type WatchStream = Pin<Box<dyn Stream<Item = Result<HealthCheckResponse, Status>> + Send>>;

    async fn check(
        &self,
        request: Request<HealthCheckRequest>,
    ) -> Result<Response<HealthCheckResponse>, Status> {
        if !self.services.contains(&*request.get_ref().service) {
            return Err(Status::not_found("this server has no such service"));
        }
        Ok(Response::new(response(status(&self.health.snapshot()))))
    }

    async fn watch(
        &self,
        request: Request<HealthCheckRequest>,
    ) -> Result<Response<Self::WatchStream>, Status> {
        if !self.services.contains(&*request.get_ref().service) {
            let unknown = stream::once(async { Ok(response(ServingStatus::ServiceUnknown)) });
            return Ok(Response::new(unknown.chain(stream::pending()).boxed()));
        }
        let changes = Changes {
            health: self.health.subscribe(),
            last: None,
        };
        Ok(Response::new(
            stream::unfold(changes, Changes::next).boxed(),
        ))
    }
}

struct Changes {
    health: watch::Receiver<Snapshot>,
    last: Option<ServingStatus>,
}

impl Changes {
    /// The next status; ends after the one that a drain brings, or it would hold the
    /// drain up.
    async fn next(mut self) -> Option<(Result<HealthCheckResponse, Status>, Self)> {
        loop {
            let snapshot = self.health.borrow_and_update().clone();
            let now = status(&snapshot);
            if self.last.replace(now) != Some(now) {
                return Some((Ok(response(now)), self));
            }
            if snapshot.draining {
                return None;
            }
            self.health.changed().await.ok()?;
        }
    }
}

fn status(snapshot: &Snapshot) -> ServingStatus {
    if snapshot.is_ready() {
        ServingStatus::Serving
    } else {
        ServingStatus::NotServing
    }
}

fn response(status: ServingStatus) -> HealthCheckResponse {
    HealthCheckResponse {
        status: status.into(),
    }
}
