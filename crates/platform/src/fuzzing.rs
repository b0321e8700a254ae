//! Doors to what reads the bytes of others and is otherwise inside. Only `cargo fuzz` compiles them.

use std::collections::BTreeMap;
use std::net::IpAddr;

use http::HeaderMap;

use crate::engine::{EngineLine, lines_of};
use crate::{domain, ingress};

/// The processes of a Procfile, or why it can't be used.
pub fn procfile(text: &str) -> Result<BTreeMap<String, String>, String> {
    domain::parse_procfile(text).map_err(|error| error.to_string())
}

/// A command as a program with its arguments.
pub fn argv(command: &str) -> Vec<String> {
    domain::argv(command)
}

/// The lines that an engine sends in these frames.
pub fn frames(frames: &[&[u8]]) -> Vec<EngineLine> {
    lines_of(frames)
}

/// What an instance hears of a visitor's headers, and who the visitor is taken for.
pub fn visitor(mut headers: HeaderMap, host: &str, visitor: IpAddr) -> (HeaderMap, String) {
    let client = ingress::client(&headers, visitor);
    ingress::prepare(&mut headers, host, visitor, true);
    (headers, client)
}
