//! The way to the platform: sending a declared endpoint, and putting failures into words.

mod body;
pub mod client;
pub mod clock;
pub mod connection;
pub mod curl;
pub mod error;
pub mod probe;
pub mod repeat;

pub use client::{Answer, Call, Request, call, file, send};
pub use clock::platform_now;
pub use connection::{Connection, answers, is_whole, use_connection};
pub use error::Failure;
