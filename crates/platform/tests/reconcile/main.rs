//! The reconciler, seen from outside: the real binary on the simulated engine, and on a real Docker
//! or Podman, through its own API.
#![expect(
    clippy::unwrap_used,
    reason = "a test that can't go on has failed, and says where"
)]

mod asking;
mod away;
mod bench;
mod builds;
mod commits;
mod containers;
mod delivery;
mod disk;
mod docker;
mod engine;
mod engine_api;
mod full_disk;
mod git_host;
mod interrupted;
mod kill;
mod leftovers;
mod load;
mod logs;
mod repositories;
mod simulated;
mod workshop;
