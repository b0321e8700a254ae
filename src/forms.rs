//! Forms: each a draft, a pure way from the draft to the request, and a shell.

pub mod build;
pub mod config;
pub mod connection;
pub mod deploy;
pub mod email;
pub mod environment;
pub mod failed;
pub mod guard;
pub mod named;
pub mod person;
pub mod roles;
pub mod scale;
pub mod service;
pub mod sign_in;
