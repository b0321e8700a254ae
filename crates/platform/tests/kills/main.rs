//! The platform is killed over and over, at moments of chance, while several people work with it:
//! the real binary over a real Docker or Podman.
#![expect(
    clippy::unwrap_used,
    reason = "a test that can't go on has failed, and says where"
)]

#[path = "../reconcile/asking.rs"]
mod asking;
#[path = "../reconcile/bench.rs"]
#[expect(dead_code, reason = "the reconciler's own tests need more of it")]
mod bench;
#[path = "../reconcile/commits.rs"]
mod commits;
mod deed;
#[path = "../reconcile/disk.rs"]
mod disk;
#[path = "../reconcile/engine.rs"]
#[expect(dead_code, reason = "the reconciler's own tests need more of it")]
mod engine;
#[path = "../reconcile/engine_api.rs"]
mod engine_api;
mod ledger;
mod line;
mod ordeal;
mod truth;
mod worker;
#[path = "../reconcile/workshop.rs"]
#[expect(dead_code, reason = "the reconciler's own tests need more of it")]
mod workshop;
