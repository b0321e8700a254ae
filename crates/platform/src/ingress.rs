//! Ingress: routes requests by their `Host` to the ready instances of a service.

mod body;
mod forward;
mod headers;
mod ledger;
mod metered;
mod page;
mod routes;
mod server;

pub use ledger::{Ledger, Visit};
pub use routes::{Backend, Ingress, Target, drained};
pub use server::serve;
