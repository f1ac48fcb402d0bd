//! Protocol buffers to domain types and back.
//!
//! Into a message: `From`. Out of a message: `TryFrom` with an [`Error`]
//! that names the field, relative to that message; who reads an outer message adds the
//! outer name with [`Error::within`](crate::Error::within).

pub mod audio;
pub mod cluster;
pub mod credential;
pub mod device;
pub mod home;
pub mod ids;
pub mod intent;
pub mod ledger;
pub mod outcome;
pub mod principal;
pub mod push;
pub mod time;
pub mod timer;
pub mod transcription;

use crate::Error;

/// The value of a field that must be there, converted.
///
/// # Errors
/// [`Error::missing`] if it is absent; what the conversion says, inside `field`.
pub fn required<M, T>(field: &str, message: Option<M>) -> Result<T, Error>
where
    T: TryFrom<M, Error = Error>,
{
    let message = message.ok_or_else(|| Error::missing(field))?;
    T::try_from(message).map_err(|e| e.within(field))
}

/// The value of a field that may be absent, converted.
///
/// # Errors
/// What the conversion says, inside `field`.
pub fn optional<M, T>(field: &str, message: Option<M>) -> Result<Option<T>, Error>
where
    T: TryFrom<M, Error = Error>,
{
    message
        .map(|m| T::try_from(m).map_err(|e| e.within(field)))
        .transpose()
}

/// Each value of a repeated field, converted.
///
/// # Errors
/// What the conversion says, inside `field[index]`.
pub fn repeated<M, T>(field: &str, messages: Vec<M>) -> Result<Vec<T>, Error>
where
    T: TryFrom<M, Error = Error>,
{
    let one = |(i, m)| T::try_from(m).map_err(|e: Error| e.within(&format!("{field}[{i}]")));
    messages.into_iter().enumerate().map(one).collect()
}

#[cfg(test)]
pub(crate) mod testing;
