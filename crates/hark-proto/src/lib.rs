//! Hark's protocol buffers, and the only place that converts them to and from domain
//! types.
//!
//! The modules mirror the proto packages: [`v1`] is what speakers and people's programs
//! call, [`internal`] what Hark's processes call among themselves, [`stored`] what is
//! kept in the store.

/// What speakers and people's programs call.
#[allow(
    missing_docs,
    clippy::all,
    reason = "generated; the docs are in the proto files"
)]
pub mod v1 {
    tonic::include_proto!("hark.v1");
}

/// What Hark's processes call among themselves.
#[allow(
    missing_docs,
    clippy::all,
    reason = "generated; the docs are in the proto files"
)]
pub mod internal {
    tonic::include_proto!("hark.internal.v1");
}

/// What is kept in the store.
#[allow(
    missing_docs,
    clippy::all,
    reason = "generated; the docs are in the proto files"
)]
pub mod stored {
    tonic::include_proto!("hark.store.v1");
}

/// Every service and message, for reflection.
pub const FILE_DESCRIPTOR_SET: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/hark.binpb"));
