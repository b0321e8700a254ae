//! Who may ask through the gateway, and for what: it acts with a key that whoever asks does not
//! have, so nothing passes that a page of another site could have made.

use std::net::IpAddr;

use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::Response;
use http::uri::Authority;
use http::{Method, StatusCode};
use pilothouse_wire::error::ErrorCode;

use crate::http::{Failure, RequestId, dialect_of, host, is_of_own_page};

/// By which names a browser may know the gateway.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hosts {
    /// Those of this machine: a page of another name that leads here is not of this site, whatever
    /// its browser believes.
    Loopback,
    /// Any: TLS makes sure of the name, or the proxy in front.
    Any,
}

impl Hosts {
    fn allow(self, host: Option<&str>) -> bool {
        let Self::Loopback = self else {
            return true;
        };
        let Some(Ok(named)) = host.map(str::parse::<Authority>) else {
            return false;
        };
        let name = named.host().trim_matches(['[', ']']);
        let is_loopback = name.parse().is_ok_and(|ip: IpAddr| ip.is_loopback());
        let name = name.to_ascii_lowercase();
        is_loopback || name == "localhost" || name.ends_with(".localhost")
    }
}

/// Lets a request through, or says why not.
pub(super) async fn admit(State(hosts): State<Hosts>, request: Request, next: Next) -> Response {
    let (parts, body) = request.into_parts();
    let path = parts.uri.path();
    let refused = if !hosts.allow(host(&parts)) {
        Some(Failure::new(
            ErrorCode::Forbidden,
            "This gateway is for this machine alone. Open it as localhost.",
        ))
    } else if !is_of_own_page(&parts) {
        Some(Failure::new(
            ErrorCode::Forbidden,
            "This request comes from another site's page. Use the console that this gateway serves.",
        ))
    } else if !is_passed(&parts.method) {
        Some(Failure::new(
            ErrorCode::MethodNotAllowed,
            format!("This gateway does not pass {} on.", parts.method),
        ))
    } else if !is_plain(path) {
        Some(Failure::new(
            ErrorCode::NotFound,
            "This gateway passes on plain addresses alone: none with dots, slashes or backslashes that are written in other ways.",
        ))
    } else {
        None
    };
    match refused {
        Some(failure) => failure.response(dialect_of(path), &RequestId::of(&parts)),
        None => next.run(Request::from_parts(parts, body)).await,
    }
}

/// What the API knows. `TRACE` would answer with the key.
fn is_passed(method: &Method) -> bool {
    let known = [
        Method::GET,
        Method::HEAD,
        Method::POST,
        Method::PUT,
        Method::PATCH,
        Method::DELETE,
    ];
    known.contains(method)
}

/// Whether every reader of a path takes it for the same one, below the API.
fn is_plain(path: &str) -> bool {
    let lower = path.to_ascii_lowercase();
    let odd = ["%2e", "%2f", "%5c", "%00", "\\", "//"];
    let climbs = |part: &str| matches!(part.split(';').next(), Some("." | ".."));
    !odd.iter().any(|odd| lower.contains(odd)) && !path.split('/').any(climbs)
}

/// Whether a status is passed on: no redirect leads out, and no protocol is changed.
pub(super) fn is_final(status: StatusCode) -> bool {
    status == StatusCode::NOT_MODIFIED || !(status.is_redirection() || status.is_informational())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn odd_paths_are_refused() {
        for good in [
            "/api/v1",
            "/api/v1/",
            "/api/v1/orgs/a.b/projects/..c/x%20y/v1.2/...",
        ] {
            assert!(is_plain(good), "{good}");
        }
        for bad in [
            "/api/v1/../metrics",
            "/api/v1/./orgs",
            "/api/v1/..",
            "/api/v1/%2e%2E/metrics",
            "/api/v1/.%2e/metrics",
            "/api/v1/a%2Fb",
            "/api/v1/a%5cb",
            "/api/v1/..\\metrics",
            "/api/v1//evil.example",
            "/api/v1/..;a=1/metrics",
            "/api/v1/a%00",
        ] {
            assert!(!is_plain(bad), "{bad}");
        }
    }

    #[test]
    fn a_gateway_of_this_machine_has_its_names_alone() {
        let here = |host| Hosts::Loopback.allow(Some(host));
        for good in [
            "localhost:7070",
            "127.0.0.1:1",
            "[::1]:7070",
            "Console.LOCALHOST",
        ] {
            assert!(here(good), "{good}");
        }
        for bad in [
            "evil.example:7070",
            "localhost.evil.example",
            "10.0.0.1",
            "",
            "a b",
        ] {
            assert!(!here(bad), "{bad}");
        }
        assert!(!Hosts::Loopback.allow(None) && Hosts::Any.allow(None));
    }
}
