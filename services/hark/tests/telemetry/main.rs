//! What real processes tell a real collector, and what they tell nobody.

#![allow(
    clippy::unwrap_used,
    reason = "helpers of tests may unwrap as tests do"
)]

mod apart;
mod canary;
mod collectors;
mod metrics;
mod support;
mod traces;
#[path = "../util/mod.rs"]
mod util;
