//! The services of a server: their routes, what reflection says of them, and which of
//! their methods are streams.

use std::collections::HashSet;

use hark_core::access;
use prost::Message as _;
use prost_types::{FileDescriptorSet, MethodDescriptorProto};
use tonic::service::Routes;
use tonic_health::pb::health_server::HealthServer;

use super::health::HealthService;
use crate::Error;
use crate::health::Health;

const HEALTH: &str = "grpc.health.v1.Health";
const REFLECTION: &str = "grpc.reflection.v1.ServerReflection";
const REFLECTION_ALPHA: &str = "grpc.reflection.v1alpha.ServerReflection";

/// The services of a server.
#[derive(Debug)]
pub(super) struct Services {
    router: axum::Router,
    health: HealthService,
    descriptors: Vec<&'static [u8]>,
    names: Vec<&'static str>,
    streaming: HashSet<String>,
}

impl Services {
    pub(super) fn new(health: &Health) -> Self {
        let mut services = Self {
            router: Routes::default().into_axum_router(),
            health: HealthService::new(health),
            descriptors: vec![tonic_health::pb::FILE_DESCRIPTOR_SET],
            names: vec![HEALTH, REFLECTION, REFLECTION_ALPHA],
            streaming: HashSet::new(),
        };
        services.streaming.insert(format!("/{HEALTH}/Watch"));
        for name in [REFLECTION, REFLECTION_ALPHA] {
            let path = format!("/{name}/ServerReflectionInfo");
            services.streaming.insert(path);
        }
        services
    }

    pub(super) fn add(
        &mut self,
        descriptors: &'static [u8],
        names: &[&'static str],
        routes: Routes,
    ) -> Result<(), Error> {
        let set = FileDescriptorSet::decode(descriptors);
        let set = set.map_err(|e| Error::Descriptors(e.to_string()))?;
        for name in names {
            let methods = methods(&set, name)
                .ok_or_else(|| Error::Descriptors(format!("there is no service {name}")))?;
            for (path, is_streaming) in methods {
                if access::declared(&path).is_none() {
                    let message = format!("{path} has no rule in hark_core::access::TABLE");
                    return Err(Error::Descriptors(message));
                }
                if is_streaming {
                    self.streaming.insert(path);
                }
            }
            self.health.add(name);
        }
        self.names.extend(names);
        if !self.descriptors.contains(&descriptors) {
            self.descriptors.push(descriptors);
        }
        let router = routes.into_axum_router().reset_fallback();
        self.router = std::mem::take(&mut self.router).merge(router);
        Ok(())
    }

    /// The routes of all, and the paths of those that answer with a stream.
    pub(super) fn finish(self) -> Result<(Routes, HashSet<String>), Error> {
        let builder = || {
            let builder = tonic_reflection::server::Builder::configure();
            let builder = self
                .descriptors
                .iter()
                .fold(builder, |b, d| b.register_encoded_file_descriptor_set(d));
            self.names
                .iter()
                .fold(builder, |b, n| b.with_service_name(*n))
        };
        let failed = |e: tonic_reflection::server::Error| Error::Descriptors(e.to_string());
        let routes = Routes::from(self.router)
            .add_service(builder().build_v1().map_err(failed)?)
            .add_service(builder().build_v1alpha().map_err(failed)?)
            .add_service(HealthServer::new(self.health))
            .prepare();
        Ok((routes, self.streaming))
    }
}

/// The paths of a service's methods, and which of them answer with a stream; `None` if
/// there is no such service.
fn methods(set: &FileDescriptorSet, name: &str) -> Option<Vec<(String, bool)>> {
    let (package, short) = name.rsplit_once('.')?;
    let files = set.file.iter().filter(|f| f.package() == package);
    let service = files.flat_map(|f| &f.service).find(|s| s.name() == short)?;
    let path = |m: &MethodDescriptorProto| (format!("/{name}/{}", m.name()), m.server_streaming());
    Some(service.method.iter().map(path).collect())
}

#[cfg(test)]
mod tests {
    use prost_types::{FileDescriptorProto, ServiceDescriptorProto};

    use super::*;

    #[test]
    fn a_method_that_nobody_declared_keeps_a_server_from_starting() {
        let add = |method: &str| {
            let service = ServiceDescriptorProto {
                name: Some("Cluster".to_owned()),
                method: vec![MethodDescriptorProto {
                    name: Some(method.to_owned()),
                    ..MethodDescriptorProto::default()
                }],
                ..ServiceDescriptorProto::default()
            };
            let file = FileDescriptorProto {
                package: Some("hark.v1".to_owned()),
                service: vec![service],
                ..FileDescriptorProto::default()
            };
            let set = FileDescriptorSet { file: vec![file] };
            let descriptors: &'static [u8] = set.encode_to_vec().leak();
            let mut services = Services::new(&Health::new());
            services.add(descriptors, &["hark.v1.Cluster"], Routes::default())
        };
        assert!(add("GetStatus").is_ok());
        let error = add("OpenTheDoor").unwrap_err().to_string();
        assert!(error.contains("/hark.v1.Cluster/OpenTheDoor"), "{error}");
    }
}
