//! The REST API of a container-service platform, once, for both sides.
//!
//! The console compiles it to WebAssembly and the platform compiles it natively, so that a form
//! field and the server reject the same value with the same words. Nothing here does I/O.
//!
//! - Requests are built from validated newtypes ([`name`], [`text`], [`quantity`], [`image`]) and
//!   decoded strictly by the platform ([`decode`]): every bad field is reported at once.
//! - Replies are decoded tolerantly by the console: unknown fields are ignored, absent optional
//!   fields are defaulted, unknown enum values are kept as text ([`open`]).

pub mod access;
pub mod action;
pub mod audit;
pub mod build;
pub mod conceal;
pub mod config;
pub mod decode;
pub mod deploy;
pub mod dotenv;
pub mod email;
pub mod endpoint;
pub mod endpoints;
pub mod envelope;
pub mod environment;
pub mod error;
pub mod event;
pub mod image;
pub mod instant;
pub mod key;
pub mod logs;
pub mod meta;
pub mod metrics;
pub mod name;
pub mod node;
pub mod offer;
pub mod open;
pub mod org;
pub mod overview;
pub mod patch;
pub mod path;
pub mod person;
pub mod pipeline;
pub mod project;
pub mod quantity;
pub mod release;
pub mod service;
pub mod session;
pub mod sign_in;
pub mod status;
pub mod text;
pub mod verdict;
pub mod window;
