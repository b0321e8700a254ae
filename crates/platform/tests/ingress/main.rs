//! Ingress over real sockets: between a visitor and instances that the tests stand in for.
#![expect(
    clippy::unwrap_used,
    reason = "a test that can't go on has failed, and says where"
)]

mod bench;
mod keeping;
mod noting;
mod passing;
mod refusing;
mod swapping;
mod waiting;
