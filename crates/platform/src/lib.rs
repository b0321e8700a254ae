//! A container-service platform in one binary: REST API over SQLite, containers, ingress and the
//! web console.

pub mod app;
pub mod build;
pub mod command;
pub mod engine;
#[cfg(fuzzing)]
pub mod fuzzing;
pub mod gateway;
pub mod ingress;
pub mod logs;
pub mod oidc;
pub mod settings;
pub mod start;

mod clock;
mod data_dir;
mod domain;
mod edge;
mod front;
mod http;
mod journal;
mod marks;
mod mask;
mod origin;
mod outbound;
mod patient;
mod private_file;
mod process;
mod reconcile;
mod sample;
mod serve;
mod store;
mod telemetry;
mod tls;
mod vault;
mod webhook;
