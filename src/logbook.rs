//! Log lines in the browser: held compactly, laid out, searched and shown, whatever their number.

pub mod ansi;
pub mod block;
pub mod book;
pub mod each_block;
pub mod find;
pub mod json;
pub mod layout;
pub mod line;
pub mod needle;
pub mod patterns;
pub mod place;
pub mod reply;
pub mod rows;
pub mod run;
pub mod scroll;
pub mod selection;
pub mod shown;
pub mod slices;
pub mod store;
pub mod view;
pub mod work;
