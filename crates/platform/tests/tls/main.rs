//! TLS with the real binary: what is spoken, whose certificate, and what becomes of bad ones.
#![expect(
    clippy::unwrap_used,
    reason = "a test that can't go on has failed, and says where"
)]

mod client;
mod gateway;
mod refusing;
mod replacing;
mod serving;
mod speaking;
