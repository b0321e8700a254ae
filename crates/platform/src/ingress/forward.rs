//! One request from the visitor to an instance and its answer back.

use std::future::Future;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use http::request::Parts;
use http::uri::PathAndQuery;
use http::{Method, Request, Response, StatusCode, Uri, Version};
use http_body_util::combinators::BoxBody;
use http_body_util::{BodyExt, Empty, Full};
use hyper::body::Incoming;
use hyper::upgrade::OnUpgrade;
use hyper_util::rt::TokioIo;

use super::backend::InFlight;
use super::body::{Fault, Lent, Noted};
use super::connections::{Connections, Driven, Unanswered};
use super::headers;
use super::heard::{BrokenOff, Heard};
use super::ledger::{Entry, Ledger, Moved};
use super::limits::Limits;
use super::metered::Metered;
use super::page::page;
use super::routes::{Ingress, Match};
use super::visitor::Ends;

type Page = Response<Full<Bytes>>;
pub(super) type Answer = Response<BoxBody<Bytes, BrokenOff>>;

/// Instances that one request may be offered to.
const MAX_ATTEMPTS: usize = 3;

/// What all requests share.
pub(super) struct Forwarder {
    pub(super) ingress: Ingress,
    pub(super) ledger: Ledger,
    pub(super) connections: Connections,
    pub(super) behind_proxy: bool,
    pub(super) limits: Limits,
    pub(super) ends: Ends,
}

impl Forwarder {
    /// Answers one request.
    pub(super) async fn forward(
        &self,
        mut request: Request<Incoming>,
        visitor: SocketAddr,
    ) -> Answer {
        let started = Instant::now();
        let wants_upgrade = headers::wants_upgrade(request.headers());
        let upgrade = wants_upgrade.then(|| hyper::upgrade::on(&mut request));
        let (mut parts, body) = request.into_parts();
        let host = headers::host(&parts);
        headers::prepare(&mut parts.headers, &host, visitor.ip(), self.behind_proxy);
        let mut entry = Entry::open(&self.ledger, started, &parts, &host, visitor.ip());
        if parts.method == Method::CONNECT {
            return own(not_understood(), entry);
        }
        let body = Lent::new(body, Arc::clone(entry.moved()));
        match self.offer(&host, &parts, &body, &mut entry).await {
            Ok((response, backend)) => {
                entry.answered(response.status().as_u16(), backend.label());
                self.answer(response, backend, upgrade, entry)
            }
            // Nobody is there to be told.
            Err(page) if body.fault() == Some(Fault::Left) => said(page, entry),
            Err(page) => own(page, entry),
        }
    }

    /// Offers a request to one instance after the other until one answers, as long as that can't
    /// make it happen twice. `Err` is the page for a visitor whom none answered.
    async fn offer(
        &self,
        host: &str,
        parts: &Parts,
        body: &Lent,
        entry: &mut Entry,
    ) -> Result<(Response<Driven>, InFlight), Page> {
        let mut unreachable = Vec::new();
        for attempt in 1..=MAX_ATTEMPTS {
            let (service_id, found) = match self.ingress.pick(host, &unreachable) {
                Match::Unknown => return Err(unknown()),
                Match::Ready(service_id, backend) => (service_id, Ok(backend)),
                Match::Busy(service_id) => (service_id, Err(busy())),
                Match::NotReady(service_id) if attempt > 1 => (service_id, Err(bad_gateway())),
                Match::NotReady(service_id) => (service_id, Err(not_ready())),
            };
            entry.of(&service_id);
            let backend = found?;
            let address = backend.address();
            let request = addressed(parts, body.clone());
            let asked = self.connections.ask(address, request);
            let error = match within(self.limits.answer, asked, entry.moved()).await {
                Some(Ok(response)) => return Ok((response, backend)),
                Some(Err(error)) => error,
                None if body.is_awaited() => return Err(stalled()),
                None => return Err(too_slow()),
            };
            if body.fault().is_some() {
                return Err(not_understood());
            }
            tracing::debug!(%address, %error, attempt, "an instance did not answer");
            // A connection that was kept open may have been closed by an instance that is well, so
            // only one that accepts none is left out.
            if matches!(error, Unanswered::Connect(_)) {
                unreachable.push(address);
                backend.doubt();
            }
            let may_have_happened = matches!(error, Unanswered::Lost(_));
            if body.was_read() || (may_have_happened && !parts.method.is_idempotent()) {
                break;
            }
        }
        Err(bad_gateway())
    }

    /// What the visitor gets of an instance's answer.
    fn answer(
        &self,
        mut response: Response<Driven>,
        backend: InFlight,
        upgrade: Option<OnUpgrade>,
        entry: Entry,
    ) -> Answer {
        if response.status() == StatusCode::SWITCHING_PROTOCOLS {
            let Some(visitor) = upgrade else {
                return own(bad_gateway(), entry);
            };
            headers::name_answer(response.headers_mut(), entry.request_id());
            let instance = hyper::upgrade::on(&mut response);
            let stop = self.ends.stop.clone();
            let joined = join(visitor, instance, entry, backend);
            // Such a connection has no end that could be waited for.
            let joined = async move {
                stop.run_until_cancelled_owned(joined).await;
            };
            self.ends.running.spawn(joined);
            return response.map(|_| Empty::new().map_err(|never| match never {}).boxed());
        }
        headers::prepare_answer(response.headers_mut(), entry.request_id());
        response.map(|body| {
            let body = Heard::new(body, self.limits.silence);
            Noted::of_instance(body, entry, backend).boxed()
        })
    }
}

/// Waits for an answer as long as the request's own body still moves, and this long after. `None`:
/// neither came.
async fn within<T>(
    patience: Duration,
    answer: impl Future<Output = T>,
    moved: &Moved,
) -> Option<T> {
    tokio::pin!(answer);
    loop {
        let before = moved.received();
        match tokio::time::timeout(patience, answer.as_mut()).await {
            Ok(answer) => return Some(answer),
            Err(_) if moved.received() == before => return None,
            Err(_) => {}
        }
    }
}

/// The request as it is sent to an instance: its address is the path alone (RFC 9112, 3.2.1).
fn addressed(parts: &Parts, body: Lent) -> Request<Lent> {
    let path = parts.uri.path_and_query().cloned();
    let uri = Uri::from(path.unwrap_or(PathAndQuery::from_static("/")));
    let mut request = Request::new(body);
    *request.method_mut() = parts.method.clone();
    *request.uri_mut() = uri;
    *request.version_mut() = Version::HTTP_11;
    *request.headers_mut() = parts.headers.clone();
    request
}

/// What ingress says itself, noted as any other answer.
fn own(page: Page, mut entry: Entry) -> Answer {
    entry.answered(page.status().as_u16(), "");
    said(page, entry)
}

/// A page, noted as its entry says already.
fn said(mut page: Page, entry: Entry) -> Answer {
    headers::name_answer(page.headers_mut(), entry.request_id());
    page.map(|body| {
        let body = Noted::own(body, entry);
        body.map_err(|never| match never {}).boxed()
    })
}

/// Passes bytes both ways between a visitor and an instance that speak another protocol from here
/// on. It counts as a request on its way until either hangs up.
async fn join(visitor: OnUpgrade, instance: OnUpgrade, entry: Entry, _request: InFlight) {
    let (Ok(visitor), Ok(instance)) = tokio::join!(visitor, instance) else {
        return;
    };
    let moved = entry.moved();
    let mut visitor = Metered::new(TokioIo::new(visitor), |bytes| moved.receive(bytes));
    let mut instance = Metered::new(TokioIo::new(instance), |bytes| moved.send(bytes));
    // However one of them hangs up: that is how such a connection ends.
    let _ = tokio::io::copy_bidirectional(&mut visitor, &mut instance).await;
}

fn unknown() -> Page {
    page(
        StatusCode::NOT_FOUND,
        "No service here",
        "No service answers for this address. Check its spelling, or the service's domains.",
    )
}

fn not_ready() -> Page {
    page(
        StatusCode::SERVICE_UNAVAILABLE,
        "Not ready",
        "The service behind this address has no ready instance at the moment. Try again shortly.",
    )
}

fn bad_gateway() -> Page {
    page(
        StatusCode::BAD_GATEWAY,
        "No answer",
        "The service behind this address did not answer. Its logs say more.",
    )
}

fn not_understood() -> Page {
    page(
        StatusCode::BAD_REQUEST,
        "Not understood",
        "This request can't be passed on. Check its method, its address and how its body is written.",
    )
}

fn stalled() -> Page {
    page(
        StatusCode::REQUEST_TIMEOUT,
        "Not all of it came",
        "The request stopped before its end. Send it again.",
    )
}

fn busy() -> Page {
    page(
        StatusCode::SERVICE_UNAVAILABLE,
        "Too busy",
        "The service behind this address has as many requests to answer as it may. Try again shortly.",
    )
}

fn too_slow() -> Page {
    page(
        StatusCode::GATEWAY_TIMEOUT,
        "No answer in time",
        "The service behind this address took too long to answer. Its logs say more.",
    )
}
