//! Who may come in, for those who own the home.

use std::time::Duration;

use hark_core::credentials::Serial;
use hark_core::principal::Kind;
use hark_core::{AreaId, CredentialId, PrincipalId};
use hark_proto::convert::credential::{Listed, added};
use hark_proto::convert::repeated;
use hark_proto::convert::time::duration_to_pb;
use hark_proto::v1;
use hark_proto::v1::access_client::AccessClient;
use hark_proto::v1::principal;

use crate::{Client, Error};

/// Who is to have a token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewCredential {
    /// A speaker or a person.
    pub kind: Kind,
    /// Who.
    pub name: PrincipalId,
    /// The area it stands in.
    pub area: Option<AreaId>,
    /// How long the token counts; `None`: until it is revoked.
    pub lifetime: Option<Duration>,
}

/// What is to count no more.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Revoke {
    /// All tokens of somebody, and all certificates issued to it until now.
    Principal(Kind, PrincipalId),
    /// One token.
    Credential(CredentialId),
    /// One certificate.
    Certificate(Serial),
}

impl Client {
    /// Lets somebody in: what is kept of the token, and the token.
    ///
    /// # Errors
    /// [`Error::Server`] (`PERMISSION_DENIED` if the caller is neither a person nor a
    /// node), [`Error::Silent`], [`Error::Protocol`].
    pub async fn add_credential(&self, new: &NewCredential) -> Result<(Listed, String), Error> {
        let request = self.request(v1::AddCredentialRequest {
            kind: principal::Kind::from(new.kind).into(),
            name: new.name.to_string(),
            area_id: new.area.clone().map(String::from),
            lifetime: new.lifetime.map(duration_to_pb),
        });
        let mut client = AccessClient::new(self.channel());
        let answer = self.within_deadline(client.add_credential(request)).await?;
        added(answer).map_err(|e| Error::unreadable("a credential", &e))
    }

    /// The tokens that were given out, all or those of a kind.
    ///
    /// # Errors
    /// As [`add_credential`](Self::add_credential).
    pub async fn credentials(&self, kind: Option<Kind>) -> Result<Vec<Listed>, Error> {
        let kind = kind.map_or(principal::Kind::Unspecified, Into::into);
        let request = self.request(v1::ListCredentialsRequest { kind: kind.into() });
        let mut client = AccessClient::new(self.channel());
        let call = client.list_credentials(request);
        let answer = self.within_deadline(call).await?;
        repeated("credentials", answer.credentials)
            .map_err(|e| Error::unreadable("credentials", &e))
    }

    /// Lets something count no more. Returns how many tokens that were.
    ///
    /// # Errors
    /// As [`add_credential`](Self::add_credential).
    pub async fn revoke(&self, what: &Revoke) -> Result<u32, Error> {
        use v1::revoke_request::What;
        let what = match what {
            Revoke::Principal(kind, name) => What::Principal(v1::PrincipalName {
                kind: principal::Kind::from(*kind).into(),
                name: name.to_string(),
            }),
            Revoke::Credential(id) => What::CredentialId(id.to_string()),
            Revoke::Certificate(serial) => What::CertificateSerial(serial.to_string()),
        };
        let request = self.request(v1::RevokeRequest { what: Some(what) });
        let mut client = AccessClient::new(self.channel());
        let answer = self.within_deadline(client.revoke(request)).await?;
        Ok(answer.tokens)
    }
}
