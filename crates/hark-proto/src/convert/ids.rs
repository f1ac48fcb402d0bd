//! Identifiers and languages: text on the wire, checked types inside. A text that is
//! none is an error that names the field.

use hark_core::ids::{
    AreaId, CredentialId, DeviceId, FloorId, HomeId, ListId, NodeId, PrincipalId, RunId, SessionId,
    SpeakerId, TimerId,
};
use hark_core::language::Language;

use crate::Error;
use crate::error::ErrorCode;

macro_rules! id {
    ($(#[$doc:meta])* $name:ident, $id:ident) => {
        $(#[$doc])*
        ///
        /// # Errors
        /// Names `field` if the text is no such id.
        pub fn $name(field: &str, text: &str) -> Result<$id, Error> {
            $id::parse(text).map_err(|e| Error::invalid_field(field, e.to_string()))
        }
    };
}

id!(
    /// The id of a home.
    home, HomeId
);
id!(
    /// The id of a floor.
    floor, FloorId
);
id!(
    /// The id of an area.
    area, AreaId
);
id!(
    /// The id of a device.
    device, DeviceId
);
id!(
    /// The id of a speaker.
    speaker, SpeakerId
);
id!(
    /// The name of a principal.
    principal, PrincipalId
);
id!(
    /// The id of a credential.
    credential, CredentialId
);
id!(
    /// The id of a list.
    list, ListId
);
id!(
    /// The id of a node.
    node, NodeId
);
id!(
    /// The id of one life of a process.
    run, RunId
);
id!(
    /// The id of a timer.
    timer, TimerId
);
id!(
    /// The id of a session.
    session, SessionId
);

/// The id of a speaker, where an empty text means that there is none.
///
/// # Errors
/// Names `field` if the text is no such id.
pub fn optional_speaker(field: &str, text: &str) -> Result<Option<SpeakerId>, Error> {
    (!text.is_empty()).then(|| speaker(field, text)).transpose()
}

/// The id of an area that may be absent. An empty text is absent.
///
/// # Errors
/// Names `field` if the text is no such id.
pub fn optional_area(field: &str, text: Option<&str>) -> Result<Option<AreaId>, Error> {
    text.filter(|t| !t.is_empty())
        .map(|t| area(field, t))
        .transpose()
}

/// A language.
///
/// # Errors
/// [`ErrorCode::UnknownLanguage`], and names `field`, if the text is no language tag.
pub fn language(field: &str, tag: &str) -> Result<Language, Error> {
    Language::parse(tag).map_err(|e| {
        Error::new(ErrorCode::UnknownLanguage, "").with_violation(field, e.to_string())
    })
}

/// Languages, in their order; at most `most`.
///
/// # Errors
/// As [`language`], naming `field[index]`; names `field` if there are too many.
pub fn languages(field: &str, tags: &[String], most: usize) -> Result<Vec<Language>, Error> {
    if tags.len() > most {
        let description = format!("has {} languages; at most {most} are allowed", tags.len());
        return Err(Error::invalid_field(field, description));
    }
    let one = |(i, tag): (usize, &String)| language(&format!("{field}[{i}]"), tag);
    tags.iter().enumerate().map(one).collect()
}

/// Languages as text.
pub fn languages_to_pb<'a>(languages: impl IntoIterator<Item = &'a Language>) -> Vec<String> {
    languages.into_iter().map(ToString::to_string).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bad_id_is_named_by_its_field() {
        let error = session("config.session_id", "kitchen").unwrap_err();
        assert_eq!(error.code(), ErrorCode::InvalidField);
        assert_eq!(error.violations()[0].field, "config.session_id");
        assert!(error.to_string().contains("`kitchen`"), "{error}");
        assert!(device("device_id", "a/b").is_err());
        assert_eq!(optional_speaker("s", ""), Ok(None));
        assert_eq!(optional_area("a", Some("")), Ok(None));
        assert!(optional_area("a", Some("ü")).is_err());
    }

    #[test]
    fn a_bad_language_is_named_by_its_place() {
        let tags = ["de".to_owned(), "klingonisch".to_owned()];
        let error = languages("languages", &tags, 8).unwrap_err();
        assert_eq!(error.code(), ErrorCode::UnknownLanguage);
        assert_eq!(error.violations()[0].field, "languages[1]");
        assert!(languages("languages", &tags, 1).is_err());
    }
}
