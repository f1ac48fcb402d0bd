//! `hark.v1.Access`: who may come in.

use hark_access::{New, Registry};
use hark_core::principal::Kind;
use hark_proto::convert::time::optional_duration;
use hark_proto::convert::{credential, ids};
use hark_proto::v1::access_server::Access;
use hark_proto::v1::principal;
use hark_proto::{Error, v1};
use hark_runtime::server;
use tonic::{Request, Response, Status};

/// The service.
pub(super) struct Service {
    registry: Registry,
}

impl Service {
    pub(super) fn new(registry: Registry) -> Self {
        Self { registry }
    }

    async fn add(&self, new: New) -> Result<v1::AddCredentialResponse, Error> {
        let (credential, token) = self.registry.add(new).await?;
        Ok(v1::AddCredentialResponse {
            credential: Some(credential.into()),
            token: token.expose().to_owned(),
        })
    }

    async fn take_back(&self, request: v1::RevokeRequest) -> Result<v1::RevokeResponse, Error> {
        use v1::revoke_request::What;
        let count = match request.what.ok_or_else(|| Error::missing("what"))? {
            What::Principal(name) => {
                let (kind, name) =
                    credential::principal_name(&name).map_err(|e| e.within("principal"))?;
                self.registry.revoke_principal(kind, &name).await?
            }
            What::CredentialId(id) => {
                let id = ids::credential("credential_id", &id)?;
                self.registry.revoke_credential(&id).await?
            }
            What::CertificateSerial(serial) => {
                let serial = credential::serial("certificate_serial", &serial)?;
                self.registry.revoke_certificate(serial).await?;
                0
            }
        };
        let tokens = u32::try_from(count).unwrap_or(u32::MAX);
        Ok(v1::RevokeResponse { tokens })
    }
}

#[tonic::async_trait]
impl Access for Service {
    async fn add_credential(
        &self,
        request: Request<v1::AddCredentialRequest>,
    ) -> Result<Response<v1::AddCredentialResponse>, Status> {
        let by = server::principal(&request)?.key();
        let new = new(request.get_ref())?;
        tracing::info!(by, kind = new.kind.as_str(), name = %new.name, "gives out a token");
        Ok(Response::new(self.add(new).await?))
    }

    async fn list_credentials(
        &self,
        request: Request<v1::ListCredentialsRequest>,
    ) -> Result<Response<v1::ListCredentialsResponse>, Status> {
        let kind = match request.get_ref().kind() {
            principal::Kind::Unspecified => None,
            kind => Some(Kind::try_from(kind)?),
        };
        let listed = self.registry.list(kind).map_err(Error::from)?;
        let credentials = listed.into_iter().map(Into::into).collect();
        Ok(Response::new(v1::ListCredentialsResponse { credentials }))
    }

    async fn revoke(
        &self,
        request: Request<v1::RevokeRequest>,
    ) -> Result<Response<v1::RevokeResponse>, Status> {
        let by = server::principal(&request)?.key();
        tracing::info!(by, what = ?request.get_ref().what, "revokes");
        Ok(Response::new(self.take_back(request.into_inner()).await?))
    }
}

fn new(request: &v1::AddCredentialRequest) -> Result<New, Error> {
    Ok(New {
        kind: request.kind().try_into()?,
        name: ids::principal("name", &request.name)?,
        area: ids::optional_area("area_id", request.area_id.as_deref())?,
        lifetime: optional_duration("lifetime", request.lifetime)?,
    })
}
