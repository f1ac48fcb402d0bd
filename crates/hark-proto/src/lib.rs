//! Hark's protocol buffers, and the only place that converts them to and from domain
//! types.
//!
//! The modules mirror the proto packages: [`v1`] is what speakers and people's programs
//! call, [`internal`] what Hark's processes call among themselves, [`stored`] what is
//! kept in the store. [`convert`] has the conversions, [`error`] the one table from
//! error codes to gRPC status.

pub mod convert;
pub mod error;
pub mod value;

pub use error::{Error, ErrorCode};

pub use generated::internal::v1 as internal;
pub use generated::store::v1 as stored;
pub use generated::v1;

/// Every service and message, for reflection.
pub const FILE_DESCRIPTOR_SET: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/hark.binpb"));

/// Laid out like the proto packages, because generated code refers to itself so.
#[allow(
    missing_docs,
    unused_qualifications,
    clippy::all,
    reason = "generated; the docs are in the proto files"
)]
mod generated {
    pub mod v1 {
        tonic::include_proto!("hark.v1");
    }
    pub mod internal {
        pub mod v1 {
            tonic::include_proto!("hark.internal.v1");
        }
    }
    pub mod store {
        pub mod v1 {
            tonic::include_proto!("hark.store.v1");
        }
    }
}
