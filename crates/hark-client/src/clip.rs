//! Whole clips in one call.

use bytes::Bytes;
use hark_core::language::Language;
use hark_core::outcome::Timings;
use hark_proto::convert::{ids, required};
use hark_proto::v1;
use hark_proto::v1::recognizer_client::RecognizerClient;

use crate::speech::Heard;
use crate::speech::heard;
use crate::{Client, Error};

/// What was heard in a clip.
#[derive(Debug, Clone, PartialEq)]
pub struct Recognition {
    /// The words.
    pub heard: Heard,
    /// How long each part took.
    pub timings: Timings,
}

impl Client {
    /// Turns a WAV, FLAC or Ogg Opus file of at most 30 s into words; nothing is done about them.
    ///
    /// # Errors
    /// [`Error::Server`], [`Error::Silent`], [`Error::Protocol`].
    pub async fn recognize(
        &self,
        file: Bytes,
        languages: &[Language],
    ) -> Result<Recognition, Error> {
        let request = self.request(v1::RecognizeRequest {
            format: Some(v1::AudioFormat {
                encoding: v1::audio_format::Encoding::Container.into(),
                ..Default::default()
            }),
            audio: file,
            languages: ids::languages_to_pb(languages),
            ..Default::default()
        });
        let mut client = RecognizerClient::new(self.channel());
        let response = self.within_deadline(client.recognize(request)).await?;
        recognition(response).map_err(|e| Error::unreadable("an answer", &e))
    }
}

fn recognition(message: v1::RecognizeResponse) -> Result<Recognition, hark_proto::Error> {
    let result = message
        .result
        .ok_or_else(|| hark_proto::Error::missing("result"))?;
    Ok(Recognition {
        heard: heard(result).map_err(|e| e.within("result"))?,
        timings: required("timings", message.timings)?,
    })
}
