//! The engines, as the platform uses them. Containers are tried on a real Docker or Podman.
#![expect(
    clippy::unwrap_used,
    reason = "a test that can't go on has failed, and says where"
)]

mod bench;
mod building;
mod failing;
mod fetching;
mod logs;
mod registry;
mod running;
mod simulated;
