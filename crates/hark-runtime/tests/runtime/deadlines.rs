//! Until when a call may take.

use std::time::Duration;

use futures_util::stream;
use hark_proto::v1::speakers_client::SpeakersClient;
use hark_runtime::server::Config;
use tonic::{Code, Request};

use crate::support::{House, config, tell, tell_with};

#[tokio::test]
async fn a_unary_call_ends_at_the_servers_deadline_where_its_caller_sets_none() {
    let house = House::open(Config {
        default_deadline_ms: 50,
        ..config()
    })
    .await;
    let error = tell(house.channel(), "wait").await.unwrap_err();
    assert_eq!(error.code(), Code::DeadlineExceeded, "{error:?}");
    house.close().await.unwrap();
}

#[tokio::test]
async fn a_caller_gets_the_deadline_it_asks_for_up_to_a_bound() {
    let house = House::open(Config {
        default_deadline_ms: 7_900,
        max_deadline_ms: 90_900,
        ..config()
    })
    .await;
    for (asked_s, expect) in [(None, "7"), (Some(20), "19"), (Some(5_000), "90")] {
        let mut request = Request::new("deadline");
        if let Some(asked) = asked_s {
            request.set_timeout(Duration::from_secs(asked));
        }
        let got = tell_with(house.channel(), request).await.unwrap();
        assert_eq!(got, expect, "{asked_s:?}");
    }
    house.close().await.unwrap();
}

#[tokio::test]
async fn a_callers_own_deadline_is_told_as_such() {
    let house = House::open(config()).await;
    let mut request = Request::new("wait");
    request.set_timeout(Duration::from_millis(50));
    let error = tell_with(house.channel(), request).await.unwrap_err();
    assert_eq!(error.code(), Code::DeadlineExceeded, "{error:?}");
    house.close().await.unwrap();
}

#[tokio::test]
async fn a_stream_outlives_the_default_and_ends_at_its_callers_deadline() {
    let house = House::open(Config {
        default_deadline_ms: 1,
        ..config()
    })
    .await;
    let mut request = Request::new(stream::pending());
    request.set_timeout(Duration::from_millis(300));
    let mut client = SpeakersClient::new(house.channel());
    let mut answers = client.attach(request).await.unwrap().into_inner();
    answers.message().await.unwrap().expect("a stream begins");
    let error = answers.message().await.unwrap_err();
    assert_eq!(error.code(), Code::DeadlineExceeded, "{error:?}");
    house.close().await.unwrap();
}
