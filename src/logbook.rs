//! Log lines in the browser: held compactly, laid out and shown, whatever their number.

pub mod layout;
pub mod place;
pub mod scroll;
pub mod store;
pub mod view;
pub mod work;
