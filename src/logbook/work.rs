//! The log of one piece of work, a build or a deployment: a text that only grows, with the colours
//! and the progress lines that tools write for terminals.

pub mod fault;
pub mod text;
pub mod view;
