//! Every field of a request that can be wrong, and what is said of it.

use std::time::Duration;

use hark_core::HomeId;
use hark_core::principal::{Authentication, Kind as PrincipalKind};
use hark_proto::convert::time::duration_to_pb;
use hark_proto::v1::streaming_recognize_request::Request;

use super::*;

const SESSION: &str = "0190f2a4-7c1e-7b3a-9d55-2f6f1c0e8a77";

fn principal() -> Principal {
    Principal::anonymous(HomeId::parse("home").unwrap(), Authentication::Loopback)
}

fn format(encoding: PbEncoding) -> v1::AudioFormat {
    v1::AudioFormat {
        encoding: encoding.into(),
        sample_rate_hz: 16_000,
        channels: 1,
    }
}

fn config() -> v1::StreamingConfig {
    v1::StreamingConfig {
        session_id: SESSION.into(),
        format: Some(format(PbEncoding::Linear16)),
        languages: vec!["de".into(), "en".into()],
        ..Default::default()
    }
}

fn read(request: Request) -> Result<Inbound, Error> {
    let request = Some(request);
    let home = endpointing::Config::default();
    inbound(
        v1::StreamingRecognizeRequest { request },
        &principal(),
        home,
    )
}

#[track_caller]
fn check_config(change: impl FnOnce(&mut v1::StreamingConfig), code: ErrorCode, field: &str) {
    let mut config = config();
    change(&mut config);
    let error = read(Request::Config(config)).unwrap_err();
    assert_eq!(error.code(), code, "{error}");
    assert_eq!(error.violations()[0].field, field, "{error}");
}

#[test]
fn a_good_config_is_taken() {
    let mut good = config();
    good.area = Some("Küche".into());
    good.resume = Some(v1::ResumePoint {
        ordinal: 3,
        offset_samples: 99,
    });
    good.endpointing = Some(v1::EndpointingConfig {
        end_silence: Some(duration_to_pb(Duration::from_millis(800))),
        ..Default::default()
    });
    let Ok(Inbound::Config(settings)) = read(Request::Config(good)) else {
        panic!("refused")
    };
    assert_eq!(settings.on_behalf.session.to_string(), SESSION);
    assert_eq!(settings.on_behalf.area.as_deref(), Some("Küche"));
    assert_eq!(settings.resume.ordinal, Ordinal(3));
    assert_eq!(settings.endpointing.end_silence, Duration::from_millis(800));
    assert_eq!(settings.languages.len(), 2);
}

#[test]
fn every_bad_field_of_a_config_is_named() {
    use ErrorCode::{InvalidField, UnknownLanguage};
    check_config(
        |c| c.session_id = "kitchen".into(),
        InvalidField,
        "config.session_id",
    );
    check_config(|c| c.session_id.clear(), InvalidField, "config.session_id");
    check_config(
        |c| c.speaker_id = "ü".into(),
        InvalidField,
        "config.speaker_id",
    );
    check_config(
        |c| c.area = Some("x".repeat(201)),
        InvalidField,
        "config.area",
    );
    check_config(|c| c.format = None, InvalidField, "config.format");
    check_config(
        |c| c.languages.push("klingonisch".into()),
        UnknownLanguage,
        "config.languages[2]",
    );
    check_config(
        |c| c.languages = vec!["de".into(); 9],
        InvalidField,
        "config.languages",
    );
    check_config(
        |c| c.max_alternatives = 11,
        InvalidField,
        "config.max_alternatives",
    );
}

#[test]
fn every_bad_format_is_named() {
    use ErrorCode::{InvalidField, Unimplemented};
    for (encoding, code) in [
        (PbEncoding::Unspecified, InvalidField),
        (PbEncoding::Container, InvalidField),
        (PbEncoding::Mulaw, Unimplemented),
        (PbEncoding::Alaw, Unimplemented),
        (PbEncoding::Opus, Unimplemented),
    ] {
        let change = |c: &mut v1::StreamingConfig| c.format = Some(format(encoding));
        check_config(change, code, "config.format.encoding");
    }
    let with = |change: fn(&mut v1::AudioFormat)| {
        move |c: &mut v1::StreamingConfig| change(c.format.as_mut().unwrap())
    };
    let field = "config.format.encoding";
    check_config(with(|f| f.encoding = 99), InvalidField, field);
    let field = "config.format.sample_rate_hz";
    check_config(with(|f| f.sample_rate_hz = 4_000), InvalidField, field);
    check_config(with(|f| f.sample_rate_hz = 96_000), InvalidField, field);
    let field = "config.format.channels";
    check_config(with(|f| f.channels = 9), InvalidField, field);
}

#[test]
fn endpointing_out_of_range_is_named() {
    for (ms, field) in [
        (100, "config.endpointing.end_silence"),
        (4_000, "config.endpointing.end_silence"),
    ] {
        let end_silence = Some(duration_to_pb(Duration::from_millis(ms)));
        let change = |c: &mut v1::StreamingConfig| {
            c.endpointing = Some(v1::EndpointingConfig {
                end_silence,
                ..Default::default()
            });
        };
        check_config(change, ErrorCode::InvalidField, field);
    }
}

#[test]
fn bad_audio_messages_are_named() {
    let empty = v1::AudioChunk::default();
    let error = read(Request::Audio(empty)).unwrap_err();
    assert_eq!(error.violations()[0].field, "audio.data");
    let opus = v1::AudioChunk {
        packets: vec![vec![1]],
        ..Default::default()
    };
    let error = read(Request::Audio(opus)).unwrap_err();
    assert_eq!(error.code(), ErrorCode::Unimplemented);
    assert_eq!(error.violations()[0].field, "audio.packets");
    let nothing = v1::StreamingRecognizeRequest::default();
    let home = endpointing::Config::default();
    let error = inbound(nothing, &principal(), home).unwrap_err();
    assert_eq!(error.violations()[0].field, "request");
}

#[test]
fn a_speaker_can_not_stream_for_another() {
    let speaker = Principal {
        kind: PrincipalKind::Speaker,
        id: "kitchen".into(),
        ..principal()
    };
    let mut other = config();
    other.speaker_id = "bath".into();
    let request = Some(Request::Config(other));
    let message = v1::StreamingRecognizeRequest { request };
    let error = inbound(message, &speaker, endpointing::Config::default()).unwrap_err();
    assert_eq!(error.code(), ErrorCode::PermissionDenied);
}

#[test]
fn a_session_that_is_left_out_is_new() {
    let new = session_or_new("").unwrap();
    assert_eq!(new.0.get_version_num(), 7);
    assert_eq!(session_or_new(SESSION).unwrap().to_string(), SESSION);
    assert!(session_or_new("x").is_err());
}
