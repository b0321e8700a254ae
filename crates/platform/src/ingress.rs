//! Ingress: routes requests by their `Host` to the ready instances of a service.

mod body;
mod forward;
mod headers;
mod page;
mod routes;
mod server;

pub use routes::{Backend, Ingress, drained};
pub use server::serve;
