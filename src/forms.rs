//! Forms: each a draft, a pure way from the draft to the request, and a shell.

pub mod dotenv;
pub mod service;
