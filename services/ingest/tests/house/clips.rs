//! Whole clips.

use hark_proto::Error;
use hark_proto::v1::audio_format::Encoding;
use hark_proto::v1::recognizer_client::RecognizerClient;
use hark_proto::v1::{self, Outcome};
use hound::{SampleFormat, WavSpec, WavWriter};
use tonic::{Code, Status};

use crate::house::{House, SENTENCE, format};
use crate::speech::{RATE, SESSION, VOICE};

async fn recognize(
    house: &House,
    request: v1::RecognizeRequest,
) -> Result<v1::RecognizeResponse, Status> {
    let mut client = RecognizerClient::new(house.channel.clone());
    let answer = client.recognize(request).await?;
    Ok(answer.into_inner())
}

fn container(audio: &[u8]) -> v1::RecognizeRequest {
    v1::RecognizeRequest {
        format: Some(format(Encoding::Container, 0)),
        audio: audio.to_vec().into(),
        languages: vec!["de".into()],
        ..Default::default()
    }
}

fn wav(rate: u32, channels: u16, bits: u16, format: SampleFormat, frames: u32) -> Vec<u8> {
    let spec = WavSpec {
        channels,
        sample_rate: rate,
        bits_per_sample: bits,
        sample_format: format,
    };
    let mut bytes = std::io::Cursor::new(Vec::new());
    let mut writer = WavWriter::new(&mut bytes, spec).unwrap();
    for i in 0..frames * u32::from(channels) {
        match format {
            SampleFormat::Float => writer.write_sample((i % 7) as f32 / 50.0).unwrap(),
            SampleFormat::Int => writer.write_sample((i % 7) as i32).unwrap(),
        }
    }
    writer.finalize().unwrap();
    bytes.into_inner()
}

#[tokio::test]
async fn every_kind_of_wav_is_heard() {
    let house = House::new().await;
    for (rate, channels, bits, format) in [
        (16_000, 1, 8, SampleFormat::Int),
        (16_000, 1, 16, SampleFormat::Int),
        (44_100, 2, 24, SampleFormat::Int),
        (48_000, 2, 32, SampleFormat::Int),
        (48_000, 1, 32, SampleFormat::Float),
        (96_000, 1, 16, SampleFormat::Int),
    ] {
        let clip = wav(rate, channels, bits, format, rate);
        let answer = recognize(&house, container(&clip)).await.unwrap();
        let result = answer.result.unwrap();
        assert_eq!(result.alternatives[0].transcript, SENTENCE);
        assert_eq!(result.end_offset_samples, u64::from(rate));
        assert!(answer.outcome.is_none(), "nobody asked to act");
    }
    house.end().await;
}

#[tokio::test]
async fn a_clip_is_acted_on_where_that_is_asked_for_and_once() {
    let house = House::new().await;
    for replayed in [false, true] {
        let request = v1::RecognizeRequest {
            act: Some(v1::ActOn {
                session_id: SESSION.into(),
                ordinal: 4,
                ..Default::default()
            }),
            ..container(VOICE)
        };
        let answer = recognize(&house, request).await.unwrap();
        let outcome = answer.outcome.unwrap();
        assert_eq!(outcome.outcome(), Outcome::Done);
        assert_eq!(outcome.replayed, replayed);
        assert!(answer.timings.unwrap().action.is_some());
    }
    house.end().await;
}

#[tokio::test]
async fn bare_samples_are_heard_too() {
    let house = House::new().await;
    let request = v1::RecognizeRequest {
        format: Some(format(Encoding::Linear16, RATE)),
        audio: VOICE[44..].to_vec().into(),
        ..Default::default()
    };
    let answer = recognize(&house, request).await.unwrap();
    assert_eq!(answer.result.unwrap().alternatives.len(), 1);
    house.end().await;
}

#[tokio::test]
async fn bad_clips_are_told_what_is_wrong() {
    let house = House::new().await;
    let two_minutes = wav(8_000, 1, 8, SampleFormat::Int, 8_000 * 120);
    let empty = wav(16_000, 1, 16, SampleFormat::Int, 0);
    for (clip, says) in [
        (&b"this is a letter, not a sound"[..], "neither a WAV"),
        (&VOICE[..VOICE.len() / 2], "truncated"),
        (&empty, "no samples"),
        (b"", "no samples"),
        (&two_minutes, "120.0 s"),
    ] {
        let status = recognize(&house, container(clip)).await.unwrap_err();
        assert_eq!(status.code(), Code::InvalidArgument, "{status}");
        assert!(status.message().contains(says), "{status}");
        assert_eq!(Error::from(status).violations()[0].field, "audio");
    }
    house.end().await;
}

#[tokio::test]
async fn bad_requests_name_their_field() {
    let house = House::new().await;
    let opus = Some(format(Encoding::Opus, 16_000));
    let bad_session = Some(v1::ActOn {
        session_id: "kitchen".into(),
        ..Default::default()
    });
    let good = || container(VOICE);
    for (request, code, field) in [
        (
            v1::RecognizeRequest {
                format: None,
                ..good()
            },
            Code::InvalidArgument,
            "format",
        ),
        (
            v1::RecognizeRequest {
                format: opus,
                ..good()
            },
            Code::Unimplemented,
            "format.encoding",
        ),
        (
            v1::RecognizeRequest {
                act: bad_session,
                ..good()
            },
            Code::InvalidArgument,
            "act.session_id",
        ),
        (
            v1::RecognizeRequest {
                max_alternatives: 11,
                ..good()
            },
            Code::InvalidArgument,
            "max_alternatives",
        ),
    ] {
        let status = recognize(&house, request).await.unwrap_err();
        assert_eq!(status.code(), code, "{status}");
        assert_eq!(Error::from(status).violations()[0].field, field);
    }
    house.end().await;
}

#[tokio::test]
async fn ten_minutes_are_more_than_a_message_may_have() {
    let house = House::new().await;
    let clip = wav(8_000, 1, 8, SampleFormat::Int, 8_000 * 600);
    let status = recognize(&house, container(&clip)).await.unwrap_err();
    assert!(
        matches!(status.code(), Code::OutOfRange | Code::ResourceExhausted),
        "{status}"
    );
    house.end().await;
}
