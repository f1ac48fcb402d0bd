//! Credentials and revocations: as they are stored, and as owners see them.

use hark_core::credentials::{Credential, Digest, Revocation, Serial};
use hark_core::principal::Kind;
use hark_core::time::Timestamp;

use super::time::{required_timestamp, timestamp, timestamp_to_pb};
use super::{ids, required};
use crate::stored::stored_revocation;
use crate::v1::{self, principal as pb};
use crate::{Error, stored};

impl From<Credential> for stored::StoredCredential {
    fn from(credential: Credential) -> Self {
        Self {
            id: credential.id.into(),
            kind: pb::Kind::from(credential.kind).into(),
            name: credential.name.into(),
            area_id: credential.area.map(String::from),
            digest: credential.digest.0.to_vec(),
            created_at: Some(timestamp_to_pb(credential.created_at)),
            expires_at: credential.expires_at.map(timestamp_to_pb),
            revoked_at: credential.revoked_at.map(timestamp_to_pb),
        }
    }
}

impl TryFrom<stored::StoredCredential> for Credential {
    type Error = Error;

    fn try_from(message: stored::StoredCredential) -> Result<Self, Error> {
        let digest = <[u8; 32]>::try_from(message.digest.as_slice());
        let digest = digest.map_err(|_| Error::invalid_field("digest", "has not 32 bytes"))?;
        Ok(Self {
            id: ids::credential("id", &message.id)?,
            kind: message.kind().try_into()?,
            name: ids::principal("name", &message.name)?,
            area: ids::optional_area("area_id", message.area_id.as_deref())?,
            digest: Digest(digest),
            created_at: required_timestamp("created_at", message.created_at)?,
            expires_at: optional_timestamp("expires_at", message.expires_at)?,
            revoked_at: optional_timestamp("revoked_at", message.revoked_at)?,
        })
    }
}

impl From<Credential> for v1::Credential {
    /// Without the digest, which is nobody's concern.
    fn from(credential: Credential) -> Self {
        Self {
            id: credential.id.into(),
            kind: pb::Kind::from(credential.kind).into(),
            name: credential.name.into(),
            area_id: credential.area.map(String::from),
            created_at: Some(timestamp_to_pb(credential.created_at)),
            expires_at: credential.expires_at.map(timestamp_to_pb),
            revoked_at: credential.revoked_at.map(timestamp_to_pb),
        }
    }
}

/// A revocation of certificates as it is stored.
pub fn revocation_to_pb(what: Revocation, at: Timestamp) -> stored::StoredRevocation {
    use stored_revocation::What;
    let what = match what {
        Revocation::Serial(serial) => What::Serial(serial.to_string()),
        Revocation::Principal(kind, name) => What::Principal(v1::PrincipalName {
            kind: pb::Kind::from(kind).into(),
            name: name.into(),
        }),
    };
    stored::StoredRevocation {
        what: Some(what),
        revoked_at: Some(timestamp_to_pb(at)),
    }
}

/// A revocation of certificates, and since when.
///
/// # Errors
/// Names the field that is wrong.
pub fn revocation(message: stored::StoredRevocation) -> Result<(Revocation, Timestamp), Error> {
    use stored_revocation::What;
    let what = match message.what.ok_or_else(|| Error::missing("what"))? {
        What::Serial(text) => Revocation::Serial(serial("serial", &text)?),
        What::Principal(name) => {
            let (kind, name) = principal_name(&name).map_err(|e| e.within("principal"))?;
            Revocation::Principal(kind, name)
        }
    };
    Ok((what, required_timestamp("revoked_at", message.revoked_at)?))
}

/// Somebody, by kind and name.
///
/// # Errors
/// Names the field that is wrong.
pub fn principal_name(
    message: &v1::PrincipalName,
) -> Result<(Kind, hark_core::PrincipalId), Error> {
    let kind = message.kind().try_into()?;
    Ok((kind, ids::principal("name", &message.name)?))
}

/// The serial number of a certificate.
///
/// # Errors
/// Names `field` if it is none.
pub fn serial(field: &str, text: &str) -> Result<Serial, Error> {
    Serial::parse(text).map_err(|e| Error::invalid_field(field, e))
}

fn optional_timestamp(
    field: &str,
    message: Option<prost_types::Timestamp>,
) -> Result<Option<Timestamp>, Error> {
    message.map(|m| timestamp(field, m)).transpose()
}

/// What a listing shows of a credential.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listed {
    /// Names the credential.
    pub id: hark_core::CredentialId,
    /// What its holder is.
    pub kind: Kind,
    /// Who its holder is.
    pub name: hark_core::PrincipalId,
    /// Where its holder stands.
    pub area: Option<hark_core::AreaId>,
    /// When it was made.
    pub created_at: Timestamp,
    /// From when on it counts no more.
    pub expires_at: Option<Timestamp>,
    /// When it was revoked.
    pub revoked_at: Option<Timestamp>,
}

impl TryFrom<v1::Credential> for Listed {
    type Error = Error;

    fn try_from(message: v1::Credential) -> Result<Self, Error> {
        Ok(Self {
            id: ids::credential("id", &message.id)?,
            kind: message.kind().try_into()?,
            name: ids::principal("name", &message.name)?,
            area: ids::optional_area("area_id", message.area_id.as_deref())?,
            created_at: required_timestamp("created_at", message.created_at)?,
            expires_at: optional_timestamp("expires_at", message.expires_at)?,
            revoked_at: optional_timestamp("revoked_at", message.revoked_at)?,
        })
    }
}

/// The credential and the token of an answer.
///
/// # Errors
/// Names the field that is wrong.
pub fn added(message: v1::AddCredentialResponse) -> Result<(Listed, String), Error> {
    Ok((required("credential", message.credential)?, message.token))
}

#[cfg(test)]
mod tests {
    use hark_core::{AreaId, CredentialId, PrincipalId};
    use proptest::prelude::*;

    use super::*;

    fn moment() -> impl Strategy<Value = Timestamp> {
        (0..4_000_000_000_000_i64).prop_map(Timestamp::from_unix_ms)
    }

    prop_compose! {
        fn credential()(
            id in "[0-9a-f]{16}", kind in 1..3_usize, name in "[a-z0-9._-]{1,20}",
            area in proptest::option::of("[a-z]{1,9}"), digest in any::<[u8; 32]>(),
            created_at in moment(), expires_at in proptest::option::of(moment()),
            revoked_at in proptest::option::of(moment()),
        ) -> Credential {
            Credential {
                id: CredentialId::parse(&id).unwrap(),
                kind: Kind::ALL[kind],
                name: PrincipalId::parse(&name).unwrap(),
                area: area.map(|a| AreaId::parse(&a).unwrap()),
                digest: Digest(digest),
                created_at,
                expires_at,
                revoked_at,
            }
        }
    }

    proptest! {
        #[test]
        fn credentials_round_trip(credential in credential()) {
            let message = stored::StoredCredential::from(credential.clone());
            prop_assert_eq!(Credential::try_from(message), Ok(credential.clone()));
            let listed = Listed::try_from(v1::Credential::from(credential.clone())).unwrap();
            prop_assert_eq!(listed.id, credential.id);
            prop_assert_eq!(listed.expires_at, credential.expires_at);
        }

        #[test]
        fn revocations_round_trip(name in "[a-z]{1,9}", serial in "[1-9a-f][0-9a-f]{0,30}",
                                  at in moment()) {
            for what in [
                Revocation::Serial(Serial::parse(&serial).unwrap()),
                Revocation::Principal(Kind::Speaker, PrincipalId::parse(&name).unwrap()),
            ] {
                let message = revocation_to_pb(what.clone(), at);
                prop_assert_eq!(revocation(message), Ok((what, at)));
            }
        }
    }

    #[test]
    fn what_is_wrong_is_named() {
        let wrong = stored::StoredCredential {
            digest: vec![1; 31],
            ..Default::default()
        };
        let error = Credential::try_from(wrong).unwrap_err();
        assert_eq!(error.violations()[0].field, "digest");
        let error = revocation(stored::StoredRevocation::default()).unwrap_err();
        assert_eq!(error.violations()[0].field, "what");
        assert_eq!(serial("x", "xyz").unwrap_err().violations()[0].field, "x");
    }
}
