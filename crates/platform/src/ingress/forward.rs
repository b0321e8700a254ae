//! One request from the visitor to an instance and its answer back.

use std::net::SocketAddr;

use bytes::Bytes;
use http::request::Parts;
use http::{Method, Request, Response, StatusCode, Uri, Version};
use http_body_util::combinators::BoxBody;
use http_body_util::{BodyExt, Empty};
use hyper::body::Incoming;
use hyper::upgrade::OnUpgrade;
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioIo;

use super::body::{Counted, Lent};
use super::headers;
use super::page::page;
use super::routes::{InFlight, Ingress, Match};

type BodyError = Box<dyn std::error::Error + Send + Sync>;
pub(super) type Answer = Response<BoxBody<Bytes, BodyError>>;
pub(super) type Connections = Client<HttpConnector, Lent>;

/// Instances that one request may be offered to.
const MAX_ATTEMPTS: usize = 3;

/// What all requests share.
pub(super) struct Forwarder {
    pub(super) ingress: Ingress,
    pub(super) connections: Connections,
    pub(super) behind_proxy: bool,
}

impl Forwarder {
    /// Answers one request.
    pub(super) async fn forward(
        &self,
        mut request: Request<Incoming>,
        visitor: SocketAddr,
    ) -> Answer {
        let wants_upgrade = headers::wants_upgrade(request.headers());
        let upgrade = wants_upgrade.then(|| hyper::upgrade::on(&mut request));
        let (mut parts, body) = request.into_parts();
        if parts.method == Method::CONNECT {
            return not_understood();
        }
        let host = headers::host(&parts);
        headers::prepare(&mut parts.headers, &host, visitor.ip(), self.behind_proxy);
        match self.offer(&host, &parts, Lent::new(body)).await {
            Ok((response, backend)) => answer(response, backend, upgrade),
            Err(page) => page,
        }
    }

    /// Offers a request to one instance after the other until one answers, as long as that can't
    /// make it happen twice. `Err` is the page for a visitor whom none answered.
    async fn offer(
        &self,
        host: &str,
        parts: &Parts,
        body: Lent,
    ) -> Result<(Response<Incoming>, InFlight), Answer> {
        let mut unreachable = Vec::new();
        for attempt in 1..=MAX_ATTEMPTS {
            let backend = match self.ingress.pick(host, &unreachable) {
                Match::Ready(backend) => backend,
                Match::Unknown => return Err(unknown()),
                Match::NotReady if attempt > 1 => break,
                Match::NotReady => return Err(not_ready()),
            };
            let address = backend.address();
            let request = addressed(parts, address, body.clone()).ok_or_else(not_understood)?;
            let error = match self.connections.request(request).await {
                Ok(response) => return Ok((response, backend)),
                Err(error) => error,
            };
            tracing::debug!(%address, %error, attempt, "an instance did not answer");
            // A connection that was kept open may have been closed by an instance that is well, so
            // only one that accepts none is left out.
            if error.is_connect() {
                unreachable.push(address);
            }
            let reached_nobody = error.is_connect() || parts.method.is_idempotent();
            if body.was_read() || !reached_nobody {
                break;
            }
        }
        Err(bad_gateway())
    }
}

/// The request as it is sent to an instance.
fn addressed(parts: &Parts, address: SocketAddr, body: Lent) -> Option<Request<Lent>> {
    let path = parts.uri.path_and_query().map_or("/", |path| path.as_str());
    let uri: Uri = format!("http://{address}{path}").parse().ok()?;
    let mut request = Request::new(body);
    *request.method_mut() = parts.method.clone();
    *request.uri_mut() = uri;
    *request.version_mut() = Version::HTTP_11;
    *request.headers_mut() = parts.headers.clone();
    Some(request)
}

/// What the visitor gets of an instance's answer.
fn answer(
    mut response: Response<Incoming>,
    backend: InFlight,
    upgrade: Option<OnUpgrade>,
) -> Answer {
    if response.status() == StatusCode::SWITCHING_PROTOCOLS {
        let Some(visitor) = upgrade else {
            return bad_gateway();
        };
        tokio::spawn(join(visitor, hyper::upgrade::on(&mut response), backend));
        return response.map(|_| Empty::new().map_err(|never| match never {}).boxed());
    }
    headers::prepare_answer(response.headers_mut());
    response.map(|body| Counted::new(body, backend).map_err(BodyError::from).boxed())
}

/// Passes bytes both ways between a visitor and an instance that speak another protocol from here
/// on. It counts as a request on its way until either hangs up.
async fn join(visitor: OnUpgrade, instance: OnUpgrade, _request: InFlight) {
    if let (Ok(visitor), Ok(instance)) = tokio::join!(visitor, instance) {
        let mut visitor = TokioIo::new(visitor);
        let mut instance = TokioIo::new(instance);
        // However one of them hangs up: that is how such a connection ends.
        let _ = tokio::io::copy_bidirectional(&mut visitor, &mut instance).await;
    }
}

fn unknown() -> Answer {
    plain(
        StatusCode::NOT_FOUND,
        "No service here",
        "No service answers for this address. Check its spelling, or the service's domains.",
    )
}

fn not_ready() -> Answer {
    plain(
        StatusCode::SERVICE_UNAVAILABLE,
        "Not ready",
        "The service behind this address has no ready instance at the moment. Try again shortly.",
    )
}

fn bad_gateway() -> Answer {
    plain(
        StatusCode::BAD_GATEWAY,
        "No answer",
        "The service behind this address did not answer. Its logs say more.",
    )
}

fn not_understood() -> Answer {
    plain(
        StatusCode::BAD_REQUEST,
        "Not understood",
        "This request can't be passed on. Check its method and its address.",
    )
}

fn plain(status: StatusCode, title: &str, text: &str) -> Answer {
    page(status, title, text).map(|body| body.map_err(|never| match never {}).boxed())
}
