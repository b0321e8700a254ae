//! Log lines in the browser: held compactly, laid out and shown, whatever their number.

pub mod layout;
pub mod store;
pub mod view;
