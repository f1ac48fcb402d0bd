//! Identifiers: each its own type, so that one is never taken for another.

use std::fmt;

use serde::{Deserialize, Serialize};

/// The longest identifier, in bytes.
pub const MAX_ID_BYTES: usize = 128;

/// A text is not an identifier.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// It is empty, too long, or has characters that identifiers don't have.
    #[error("`{text}` is not {what} id: use 1 to 128 of a-z, A-Z, 0-9, `_`, `-`, `.` and `:`")]
    Malformed {
        /// The kind of id, with its article.
        what: &'static str,
        /// What was given.
        text: String,
    },
    /// It is not a UUID.
    #[error("`{text}` is not a session id: give a UUID, like 0190f2a4-7c1e-7b3a-9d55-2f6f1c0e8a77")]
    NotUuid {
        /// What was given.
        text: String,
    },
}

macro_rules! text_id {
    ($(#[$doc:meta])* $name:ident, $what:literal) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(Box<str>);

        impl $name {
            /// Checks a text and makes it an id.
            ///
            /// # Errors
            /// [`Error::Malformed`] if it is empty, over [`MAX_ID_BYTES`], or has a
            /// character other than ASCII letters, digits, `_`, `-`, `.` and `:`.
            pub fn parse(text: &str) -> Result<Self, Error> {
                let ok = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.' | ':');
                if text.is_empty() || text.len() > MAX_ID_BYTES || !text.chars().all(ok) {
                    return Err(Error::Malformed { what: $what, text: text.to_owned() });
                }
                Ok(Self(text.into()))
            }

            /// The id as text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl TryFrom<String> for $name {
            type Error = Error;

            fn try_from(text: String) -> Result<Self, Error> {
                Self::parse(&text)
            }
        }

        impl From<$name> for String {
            fn from(id: $name) -> Self {
                id.0.into()
            }
        }
    };
}

text_id!(
    /// A home.
    HomeId, "a home"
);
text_id!(
    /// A floor of a home.
    FloorId, "a floor"
);
text_id!(
    /// An area of a home: a room, the garden.
    AreaId, "an area"
);
text_id!(
    /// A device, `domain.object` as Home Assistant writes it.
    DeviceId, "a device"
);
text_id!(
    /// A speaker: what hears and answers in a room.
    SpeakerId, "a speaker"
);
text_id!(
    /// What a principal is called among those of its kind.
    PrincipalId, "a principal"
);
text_id!(
    /// A credential: something that proves who a principal is.
    CredentialId, "a credential"
);
text_id!(
    /// A node: a process of the house, by a name that outlives it.
    NodeId, "a node"
);
text_id!(
    /// One life of a process, from its start to its end: a UUID where Hark makes it.
    RunId, "a run"
);
text_id!(
    /// A list, like the shopping list.
    ListId, "a list"
);
text_id!(
    /// A timer.
    TimerId, "a timer"
);

/// A session of a speaker: a UUID, version 7 where Hark makes it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SessionId(pub uuid::Uuid);

impl SessionId {
    /// Reads a UUID in its text form.
    ///
    /// # Errors
    /// [`Error::NotUuid`] if it is none.
    pub fn parse(text: &str) -> Result<Self, Error> {
        let uuid = uuid::Uuid::try_parse(text);
        uuid.map(Self).map_err(|_| Error::NotUuid {
            text: text.to_owned(),
        })
    }
}

impl fmt::Display for SessionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.hyphenated().fmt(f)
    }
}

/// The number of an utterance in its session, from 0.
#[derive(
    Debug, Clone, Copy, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize,
)]
pub struct Ordinal(pub u32);

impl Ordinal {
    /// The next one.
    #[must_use]
    pub fn next(self) -> Self {
        Self(self.0.saturating_add(1))
    }
}

impl fmt::Display for Ordinal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_checked() {
        for (text, ok) in [
            ("light.hallway", true),
            ("a:b-c_d.E9", true),
            ("", false),
            ("a/b", false),
            ("flur küche", false),
            (&"x".repeat(128), true),
            (&"x".repeat(129), false),
        ] {
            assert_eq!(DeviceId::parse(text).is_ok(), ok, "{text}");
        }
    }

    #[test]
    fn a_session_is_a_uuid() {
        let text = "0190f2a4-7c1e-7b3a-9d55-2f6f1c0e8a77";
        assert_eq!(SessionId::parse(text).unwrap().to_string(), text);
        let error = SessionId::parse("kitchen").unwrap_err();
        assert!(error.to_string().contains("`kitchen`"), "{error}");
    }
}
