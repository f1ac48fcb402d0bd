//! Who makes a call.

use hark_core::principal::{Authentication, Kind, Principal};

use super::ids;
use crate::Error;
use crate::v1::{self, principal as pb};

impl From<Principal> for v1::Principal {
    fn from(principal: Principal) -> Self {
        Self {
            kind: pb::Kind::from(principal.kind).into(),
            id: principal.id,
            authentication: pb::Authentication::from(principal.authentication).into(),
            home_id: principal.home.into(),
            area_id: principal.area.map(String::from),
        }
    }
}

impl TryFrom<v1::Principal> for Principal {
    type Error = Error;

    fn try_from(message: v1::Principal) -> Result<Self, Error> {
        Ok(Self {
            kind: message.kind().try_into()?,
            authentication: message.authentication().try_into()?,
            home: ids::home("home_id", &message.home_id)?,
            area: ids::optional_area("area_id", message.area_id.as_deref())?,
            id: message.id,
        })
    }
}

impl From<Kind> for pb::Kind {
    fn from(kind: Kind) -> Self {
        match kind {
            Kind::Anonymous => Self::Anonymous,
            Kind::Speaker => Self::Speaker,
            Kind::Person => Self::Person,
            Kind::Node => Self::Node,
        }
    }
}

impl TryFrom<pb::Kind> for Kind {
    type Error = Error;

    fn try_from(kind: pb::Kind) -> Result<Self, Error> {
        match kind {
            pb::Kind::Unspecified => Err(Error::missing("kind")),
            pb::Kind::Anonymous => Ok(Self::Anonymous),
            pb::Kind::Speaker => Ok(Self::Speaker),
            pb::Kind::Person => Ok(Self::Person),
            pb::Kind::Node => Ok(Self::Node),
        }
    }
}

impl From<Authentication> for pb::Authentication {
    fn from(authentication: Authentication) -> Self {
        match authentication {
            Authentication::Loopback => Self::Loopback,
            Authentication::Token => Self::Token,
            Authentication::Certificate => Self::Certificate,
            Authentication::InProcess => Self::InProcess,
            Authentication::Insecure => Self::Insecure,
        }
    }
}

impl TryFrom<pb::Authentication> for Authentication {
    type Error = Error;

    fn try_from(authentication: pb::Authentication) -> Result<Self, Error> {
        match authentication {
            pb::Authentication::Unspecified => Err(Error::missing("authentication")),
            pb::Authentication::Loopback => Ok(Self::Loopback),
            pb::Authentication::Token => Ok(Self::Token),
            pb::Authentication::Certificate => Ok(Self::Certificate),
            pb::Authentication::InProcess => Ok(Self::InProcess),
            pb::Authentication::Insecure => Ok(Self::Insecure),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::convert::testing;

    #[test]
    fn a_kind_from_the_future_is_refused() {
        let mut message = v1::Principal::from(Principal::in_process(
            hark_core::HomeId::parse("home").unwrap(),
        ));
        message.kind = 99;
        let error = Principal::try_from(message).unwrap_err();
        assert_eq!(error.violations()[0].field, "kind");
    }

    proptest! {
        #[test]
        fn principals_round_trip(principal in testing::principal()) {
            let message = v1::Principal::from(principal.clone());
            prop_assert_eq!(Principal::try_from(message), Ok(principal));
        }
    }
}
