//! The services of a router: parse, one call, convert.

mod home;
mod intents;
mod page;

use std::sync::Arc;

use hark_proto::internal::intents_server::IntentsServer;
use hark_proto::v1::home_server::HomeServer;
use tonic::service::Routes;

use crate::house::House;

/// The most that a message may have, in bytes.
const MAX_MESSAGE_BYTES: usize = 1024 * 1024;

/// What people and their programs call.
pub(crate) fn public_routes(house: &Arc<House>) -> Routes {
    let service = HomeServer::new(home::Grpc::new(Arc::clone(house)));
    Routes::new(service.max_decoding_message_size(MAX_MESSAGE_BYTES))
}

/// What other nodes call.
pub(crate) fn internal_routes(house: &Arc<House>) -> Routes {
    let service = IntentsServer::new(intents::Grpc::new(Arc::clone(house)));
    Routes::new(service.max_decoding_message_size(MAX_MESSAGE_BYTES))
}
