//! The checks that need logic.
fn main() {}
