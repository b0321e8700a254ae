//! The engines, as the platform uses them. Containers are tried on a real Docker or Podman.

mod bench;
mod building;
mod failing;
mod logs;
mod running;
mod simulated;
