//! The form that creates and edits a service.

pub mod changes;
pub mod draft;
pub mod field;
pub mod request;
