//! The console of a container-service platform: a single page in WebAssembly.
//!
//! Data flows one way: wire → api → state → pages and forms → components.

extern crate pilothouse_wire as wire;

pub mod api;
pub mod app;
pub mod chart;
pub mod components;
pub mod forms;
pub mod logbook;
pub mod pages;
pub mod reactive;
pub mod routes;
pub mod state;
pub mod words;
