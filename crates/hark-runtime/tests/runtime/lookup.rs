//! Reflection and health, which every server has.

use futures_util::{StreamExt as _, stream};
use tonic_health::pb::HealthCheckRequest;
use tonic_health::pb::health_check_response::ServingStatus;
use tonic_health::pb::health_client::HealthClient;
use tonic_reflection::pb::v1::ServerReflectionRequest;
use tonic_reflection::pb::v1::server_reflection_client::ServerReflectionClient;
use tonic_reflection::pb::v1::server_reflection_request::MessageRequest;
use tonic_reflection::pb::v1::server_reflection_response::MessageResponse;
use tonic_reflection::pb::v1alpha;

use crate::support::{House, config};

const SERVICES: [&str; 6] = [
    "grpc.health.v1.Health",
    "grpc.reflection.v1.ServerReflection",
    "grpc.reflection.v1alpha.ServerReflection",
    "hark.internal.v1.Inference",
    "hark.v1.Recognizer",
    "hark.v1.Speakers",
];

#[tokio::test]
async fn reflection_lists_the_services_that_are_there_and_knows_their_types() {
    let house = House::open(config()).await;
    let mut client = ServerReflectionClient::new(house.channel());
    let ask = |ask| ServerReflectionRequest {
        host: String::new(),
        message_request: Some(ask),
    };
    let asked = stream::iter([
        ask(MessageRequest::ListServices(String::new())),
        ask(MessageRequest::FileContainingSymbol(
            "hark.v1.Speech".to_owned(),
        )),
    ]);
    let answers = client
        .server_reflection_info(asked)
        .await
        .unwrap()
        .into_inner();
    let answers: Vec<_> = answers
        .map(|a| a.unwrap().message_response.unwrap())
        .collect()
        .await;
    let [
        MessageResponse::ListServicesResponse(list),
        MessageResponse::FileDescriptorResponse(_),
    ] = &*answers
    else {
        panic!("{answers:?}")
    };
    let mut names: Vec<_> = list.service.iter().map(|s| &*s.name).collect();
    names.sort_unstable();
    assert_eq!(names, SERVICES);
    house.close().await.unwrap();
}

#[tokio::test]
async fn reflection_answers_old_clients_too() {
    let house = House::open(config()).await;
    let channel = house.channel();
    let mut client = v1alpha::server_reflection_client::ServerReflectionClient::new(channel);
    let list = v1alpha::server_reflection_request::MessageRequest::ListServices(String::new());
    let request = v1alpha::ServerReflectionRequest {
        host: String::new(),
        message_request: Some(list),
    };
    let answers = client.server_reflection_info(stream::iter([request])).await;
    let answer = answers.unwrap().into_inner().next().await.unwrap().unwrap();
    match answer.message_response.unwrap() {
        v1alpha::server_reflection_response::MessageResponse::ListServicesResponse(list) => {
            assert_eq!(list.service.len(), SERVICES.len());
        }
        other => panic!("{other:?}"),
    }
    house.close().await.unwrap();
}

#[tokio::test]
async fn health_is_told_by_check_and_watch_until_the_end() {
    let house = House::open(config()).await;
    let mut client = HealthClient::new(house.channel());
    let of = |service: &str| HealthCheckRequest {
        service: service.to_owned(),
    };
    let mut watch = client
        .watch(of("hark.v1.Speakers"))
        .await
        .unwrap()
        .into_inner();
    let mut next = async || watch.message().await.unwrap().map(|m| m.status());
    assert_eq!(next().await, Some(ServingStatus::NotServing));
    house.part.ready();
    assert_eq!(next().await, Some(ServingStatus::Serving));
    for service in ["", "hark.v1.Speakers"] {
        let check = client.check(of(service)).await.unwrap().into_inner();
        assert_eq!(check.status(), ServingStatus::Serving, "{service}");
    }
    let unknown = client.check(of("hark.v1.Home")).await.unwrap_err();
    assert_eq!(unknown.code(), tonic::Code::NotFound);
    let mut unknown = client.watch(of("hark.v1.Home")).await.unwrap().into_inner();
    let first = unknown.message().await.unwrap().unwrap();
    assert_eq!(first.status(), ServingStatus::ServiceUnknown);
    drop(unknown);

    house.health.drain();
    assert_eq!(next().await, Some(ServingStatus::NotServing));
    assert_eq!(next().await, None);
    house.close().await.unwrap();
}
