//! Log lines: held compactly, laid out, searched and put in patterns, whatever their number.

pub mod ansi;
pub mod block;
pub mod each_block;
pub mod find;
pub mod json;
pub mod layout;
pub mod line;
pub mod needle;
mod pair;
pub mod patterns;
pub mod reply;
pub mod rows;
pub mod selection;
pub mod shown;
pub mod store;
