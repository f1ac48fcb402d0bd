//! Who makes a call.

use crate::ids::{AreaId, HomeId};

/// Who makes a call, as the server established it from the connection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Principal {
    /// What it is.
    pub kind: Kind,
    /// Its stable id; empty for anonymous callers.
    pub id: String,
    /// How that is known.
    pub authentication: Authentication,
    /// The home it belongs to.
    pub home: HomeId,
    /// The area it stands in, where that is known.
    pub area: Option<AreaId>,
}

/// What a principal is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    /// Nobody proved who they are.
    Anonymous,
    /// A speaker of the home.
    Speaker,
    /// A person, or a program that acts for one.
    Person,
    /// Another process of the cluster.
    Node,
}

impl Kind {
    /// Every kind.
    pub const ALL: [Self; 4] = [Self::Anonymous, Self::Speaker, Self::Person, Self::Node];

    /// Its name in logs, keys and messages.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Anonymous => "anonymous",
            Self::Speaker => "speaker",
            Self::Person => "person",
            Self::Node => "node",
        }
    }

    /// The kind of that name; `None` if there is none.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == name)
    }
}

/// How a principal proved who it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Authentication {
    /// It did not; it connected over loopback.
    Loopback,
    /// With a bearer token.
    Token,
    /// With a client certificate.
    Certificate,
    /// It is part of this very process.
    InProcess,
    /// It did not; the owner allowed insecure access.
    Insecure,
}

impl Principal {
    /// Somebody who proved nothing.
    pub fn anonymous(home: HomeId, authentication: Authentication) -> Self {
        Self {
            kind: Kind::Anonymous,
            id: String::new(),
            authentication,
            home,
            area: None,
        }
    }

    /// A part of this very process.
    pub fn in_process(home: HomeId) -> Self {
        Self {
            kind: Kind::Node,
            id: "self".to_owned(),
            authentication: Authentication::InProcess,
            home,
            area: None,
        }
    }

    /// Names the principal in a store key: `kind:id`, without a `/`.
    pub fn key(&self) -> String {
        let id: String = self
            .id
            .chars()
            .map(|c| if c == '/' { '_' } else { c })
            .collect();
        format!("{}:{id}", self.kind.as_str())
    }
}
