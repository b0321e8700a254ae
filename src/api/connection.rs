//! Which platform the page speaks to.

use std::sync::Arc;

use leptos::prelude::{provide_context, use_context};

/// The platform behind the page.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Connection {
    origin: Arc<str>,
}

impl Connection {
    /// The platform that served the page.
    pub fn same_origin() -> Self {
        Self::default()
    }

    /// A full URL from a path below the platform's origin.
    pub(crate) fn url(&self, path: &str) -> String {
        format!("{}{path}", self.origin)
    }
}

/// Makes a connection available to everything below.
pub fn provide_connection(connection: Connection) {
    provide_context(connection);
}

/// The connection in use: the platform that served the page, where none was provided.
pub fn use_connection() -> Connection {
    use_context().unwrap_or_default()
}
