//! Ingress: routes requests by their `Host` to the ready instances of a service.
//!
//! `server` accepts visitors, `threads` share them, `visitor` serves one connection, `forward` one
//! request on it: `routes` says to which `backend`, `connections` reaches it, and `ledger` notes how it
//! ended. `room` bounds how much goes on at once. Who takes nothing is given up by his socket, and on HTTP/2 by `streams`.

mod backend;
mod body;
mod connections;
mod forward;
mod headers;
mod heard;
mod ledger;
mod limits;
mod metered;
mod page;
mod room;
mod routes;
mod server;
mod socket;
mod streams;
mod threads;
mod visitor;

pub use backend::{Backend, Target, drained};
pub(crate) use headers::strip_hop_by_hop;
#[cfg(fuzzing)]
pub(crate) use headers::{client, prepare};
pub use ledger::{CLASSES, Counted, Ledger, Visit};
pub use limits::Limits;
pub use room::Room;
pub use routes::{Answering, Ingress};
pub use server::{Serving, serve};
