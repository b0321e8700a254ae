//! What the console does with many things at once. It has no page and no browser, and is compiled
//! for speed, where the pages around it are compiled for size.

extern crate pilothouse_wire as wire;

pub mod lines;
pub mod points;
pub mod requests;
pub mod services;
pub mod texts;
