//! One request from the visitor to an instance and its answer back.

use std::net::SocketAddr;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use http::header::{self, HeaderMap, HeaderName, HeaderValue};
use http::{Request, Response, StatusCode, Uri, Version};
use http_body_util::combinators::BoxBody;
use http_body_util::{BodyExt, Empty};
use hyper::body::{Body, Frame, Incoming, SizeHint};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioIo;

use super::page::page;
use super::routes::{InFlight, Ingress, Match};

type BodyError = Box<dyn std::error::Error + Send + Sync>;
pub(super) type Answer = Response<BoxBody<Bytes, BodyError>>;
pub(super) type Connections = Client<HttpConnector, BoxBody<Bytes, BodyError>>;

/// Headers that speak of one connection only (RFC 9110, 7.6.1).
const HOP_BY_HOP: [HeaderName; 7] = [
    header::CONNECTION,
    HeaderName::from_static("keep-alive"),
    header::PROXY_AUTHENTICATE,
    header::PROXY_AUTHORIZATION,
    header::TE,
    header::TRAILER,
    header::TRANSFER_ENCODING,
];

/// A body that counts as a request on its way until its end.
struct Counted<B> {
    body: B,
    _request: InFlight,
}

impl<B: Body + Unpin> Body for Counted<B> {
    type Data = B::Data;
    type Error = B::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Self::Data>, Self::Error>>> {
        Pin::new(&mut self.body).poll_frame(context)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

/// Answers one request.
pub(super) async fn forward(
    ingress: &Ingress,
    connections: &Connections,
    request: Request<Incoming>,
    visitor: SocketAddr,
) -> Answer {
    let host = host(&request);
    let mut request = request;
    let upgrade = wants_upgrade(request.headers()).then(|| hyper::upgrade::on(&mut request));
    let (mut parts, body) = request.into_parts();
    prepare(&mut parts.headers, &host, visitor, upgrade.is_some());
    // A request without a body can be sent again when it reached nobody; a streamed one can't.
    let mut body = Some(body);
    let repeatable = body.as_ref().is_some_and(Body::is_end_stream);
    let mut tried = None;
    loop {
        let backend = match ingress.pick(&host, tried) {
            Match::Ready(backend) => backend,
            Match::Unknown => {
                return plain(StatusCode::NOT_FOUND, "No service here", "No service answers for this address. Check its spelling, or the service's domains.");
            }
            Match::NotReady if tried.is_some() => return bad_gateway(),
            Match::NotReady => {
                return plain(StatusCode::SERVICE_UNAVAILABLE, "Not ready", "The service behind this address has no ready instance at the moment. Try again shortly.");
            }
        };
        let address = backend.address();
        let sent = match body.take() {
            Some(body) if !repeatable => body.map_err(BodyError::from).boxed(),
            _ => Empty::new().map_err(|never| match never {}).boxed(),
        };
        let Some(outgoing) = address_to(&parts, address, sent) else {
            return plain(StatusCode::BAD_REQUEST, "Not understood", "The address of this request can't be read.");
        };
        match connections.request(outgoing).await {
            Ok(response) => return answer(response, backend, upgrade),
            Err(error) if repeatable && tried.is_none() && (error.is_connect() || parts.method.is_idempotent()) => {
                tried = Some(address);
            }
            Err(error) => {
                tracing::debug!(%address, %error, "an instance did not answer");
                return bad_gateway();
            }
        }
    }
}

fn bad_gateway() -> Answer {
    plain(StatusCode::BAD_GATEWAY, "No answer", "The service behind this address did not answer. Its logs say more.")
}

fn plain(status: StatusCode, title: &str, text: &str) -> Answer {
    page(status, title, text).map(|body| body.map_err(|never| match never {}).boxed())
}

fn host(request: &Request<Incoming>) -> String {
    let header = request.headers().get(header::HOST);
    header
        .and_then(|host| host.to_str().ok())
        .or_else(|| request.uri().host())
        .unwrap_or_default()
        .to_owned()
}

fn wants_upgrade(headers: &HeaderMap) -> bool {
    let connection = headers.get(header::CONNECTION).and_then(|value| value.to_str().ok());
    headers.contains_key(header::UPGRADE)
        && connection.is_some_and(|value| value.to_ascii_lowercase().contains("upgrade"))
}

/// Makes the visitor's headers fit for the instance.
fn prepare(headers: &mut HeaderMap, host: &str, visitor: SocketAddr, upgrade: bool) {
    strip_hop_by_hop(headers);
    if upgrade {
        headers.insert(header::CONNECTION, HeaderValue::from_static("upgrade"));
    } else {
        headers.remove(header::UPGRADE);
    }
    // What a visitor claims of itself is not believed.
    for (name, value) in [
        ("x-forwarded-for", visitor.ip().to_string()),
        ("x-forwarded-host", host.to_owned()),
        ("x-forwarded-proto", "http".to_owned()),
    ] {
        if let Ok(value) = HeaderValue::from_str(&value) {
            headers.insert(HeaderName::from_static(name), value);
        }
    }
    let id = HeaderName::from_static("x-request-id");
    if !headers.contains_key(&id)
        && let Ok(fresh) = HeaderValue::from_str(&uuid::Uuid::new_v4().to_string())
    {
        headers.insert(id, fresh);
    }
}

fn strip_hop_by_hop(headers: &mut HeaderMap) {
    let named: Vec<HeaderName> = headers
        .get_all(header::CONNECTION)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .filter_map(|name| name.trim().parse().ok())
        .filter(|name| *name != header::UPGRADE)
        .collect();
    for name in named.iter().chain(&HOP_BY_HOP) {
        headers.remove(name);
    }
}

fn address_to(
    parts: &http::request::Parts,
    address: SocketAddr,
    body: BoxBody<Bytes, BodyError>,
) -> Option<Request<BoxBody<Bytes, BodyError>>> {
    let path = parts.uri.path_and_query().map_or("/", |path| path.as_str());
    let uri: Uri = format!("http://{address}{path}").parse().ok()?;
    let mut request = Request::new(body);
    *request.method_mut() = parts.method.clone();
    *request.uri_mut() = uri;
    *request.version_mut() = Version::HTTP_11;
    *request.headers_mut() = parts.headers.clone();
    Some(request)
}

/// Hands the instance's answer on, and joins both ends where the two agree to leave HTTP.
fn answer(
    mut response: Response<Incoming>,
    backend: InFlight,
    upgrade: Option<hyper::upgrade::OnUpgrade>,
) -> Answer {
    if response.status() == StatusCode::SWITCHING_PROTOCOLS
        && let Some(visitor) = upgrade
    {
        let instance = hyper::upgrade::on(&mut response);
        tokio::spawn(async move {
            let _counted = backend;
            if let (Ok(visitor), Ok(instance)) = tokio::join!(visitor, instance) {
                let mut visitor = TokioIo::new(visitor);
                let mut instance = TokioIo::new(instance);
                // Either end may hang up: that is how such a connection ends.
                let _ = tokio::io::copy_bidirectional(&mut visitor, &mut instance).await;
            }
        });
        return response.map(|_| Empty::new().map_err(|never| match never {}).boxed());
    }
    strip_hop_by_hop(response.headers_mut());
    response.map(|body| {
        Counted {
            body,
            _request: backend,
        }
        .map_err(BodyError::from)
        .boxed()
    })
}
