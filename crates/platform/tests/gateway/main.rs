//! The gateway over real sockets: what passes, what does not, and what becomes of what fails.
#![expect(
    clippy::unwrap_used,
    reason = "a test that can't go on has failed, and says where"
)]

mod binary;
mod failing;
mod gate;
mod passing;
mod refusing;
mod upstream;
mod whole;
