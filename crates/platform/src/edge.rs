//! Ingress on other machines: `pilothouse edge` takes visitors on a node of a cluster, by the table of
//! routes that the platform tells it, and tells the platform of every request.
//!
//! An edge comes to the platform, never the other way round: over TLS to one certificate, with a token
//! that both were given. `hub` is the platform's side; `run` is an edge, which follows the `routes`, ships
//! its `rows` and tells the `usage` of its node; `protocol` is what they say to each other; `credentials` are made once for a data
//! directory, and `image` is what an edge runs from.

mod credentials;
mod hub;
mod image;
mod link;
mod protocol;
mod routes;
mod rows;
mod run;
mod usage;

pub(crate) use credentials::Credentials;
pub(crate) use hub::Hub;
pub(crate) use image::context;
pub(crate) use protocol::Settings;
pub(crate) use run::run;
