//! One request from a browser to the platform elsewhere, and its answer back.

use std::error::Error;
use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::extract::{Request, State};
use axum::response::Response;
use bytes::Bytes;
use http::header::CONTENT_LENGTH;
use http::request::Parts;
use http::uri::PathAndQuery;
use http::{HeaderMap, StatusCode};
use http_body_util::{BodyExt, Full, LengthLimitError, Limited};
use hyper::body::Incoming;
use pilothouse_wire::error::ErrorCode;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::timeout;
use tower_http::timeout::TimeoutBody;

use super::admit::is_final;
use super::key::Key;
use super::limits::Limits;
use super::{GatewayError, headers};
use crate::http::{Failure, RequestId, dialect_of};
use crate::origin::Origin;
use crate::outbound::{self, Client, whole_story};

/// Asks the platform elsewhere. Cheap to clone.
#[derive(Clone)]
pub(super) struct Forwarder {
    pub(super) upstream: Arc<Origin>,
    key: Key,
    client: Client,
    on_their_way: Arc<Semaphore>,
    limits: Limits,
}

impl Forwarder {
    pub(super) fn new(upstream: Origin, key: Key, limits: Limits) -> Result<Self, GatewayError> {
        let client = outbound::client(upstream.speaks_tls(), limits.connect, limits.kept)
            .map_err(GatewayError::Roots)?;
        Ok(Self {
            upstream: Arc::new(upstream),
            key,
            client,
            on_their_way: Arc::new(Semaphore::new(limits.at_once)),
            limits,
        })
    }

    /// The platform's answer to a request, as it may be passed on.
    async fn pass(&self, parts: &Parts, body: Body) -> Result<Response, Failure> {
        let body = self.whole(&parts.headers, body).await?;
        let permit = Arc::clone(&self.on_their_way).try_acquire_owned();
        let permit = permit.map_err(|_| busy())?;
        let path = parts.uri.path_and_query().cloned();
        let path = path.unwrap_or(PathAndQuery::from_static("/"));
        let headers = headers::of_request(parts.headers.clone(), &self.key);
        let mut request = self.request(path, body)?;
        *request.method_mut() = parts.method.clone();
        *request.headers_mut() = headers;
        let answer = self.ask(request, self.limits.head).await?;
        self.passed(answer, permit)
    }

    /// How long it may take to find out whether anybody is there.
    pub(super) fn patience(&self) -> Duration {
        self.limits.connect
    }

    /// A request to the platform elsewhere, without a header.
    pub(super) fn request(
        &self,
        path: PathAndQuery,
        body: Bytes,
    ) -> Result<http::Request<Full<Bytes>>, Failure> {
        let address = self.upstream.address(path);
        let address = address.map_err(|error| self.failed(&error))?;
        let mut request = http::Request::new(Full::new(body));
        *request.uri_mut() = address;
        Ok(request)
    }

    /// The head of an answer, if it comes in time.
    pub(super) async fn ask(
        &self,
        request: http::Request<Full<Bytes>>,
        patience: Duration,
    ) -> Result<http::Response<Incoming>, Failure> {
        let upstream = &self.upstream;
        match timeout(patience, self.client.request(request)).await {
            Ok(Ok(answer)) => Ok(answer),
            Ok(Err(error)) if error.is_connect() => {
                tracing::warn!(%upstream, cause = whole_story(&error), "there is no connection");
                Err(Failure::new(
                    ErrorCode::UpstreamUnavailable,
                    format!(
                        "The platform at {upstream} can't be reached from here. Whoever runs this gateway finds out why in its log."
                    ),
                ))
            }
            Ok(Err(error)) => Err(self.failed(&error)),
            Err(_) => Err(Failure::new(
                ErrorCode::Timeout,
                format!(
                    "The platform at {upstream} has not answered within {} s. What was asked for may still be done: look before trying again.",
                    patience.as_secs()
                ),
            )),
        }
    }

    /// A request's body, to its end.
    async fn whole(&self, headers: &HeaderMap, body: Body) -> Result<Bytes, Failure> {
        let most = self.limits.request;
        if announced(headers).is_some_and(|length| length > most) {
            return Err(too_large());
        }
        match timeout(self.limits.sending, Limited::new(body, most).collect()).await {
            Ok(Ok(body)) => Ok(body.to_bytes()),
            Ok(Err(error)) if error.is::<LengthLimitError>() => Err(too_large()),
            Ok(Err(_)) => Err(Failure::new(
                ErrorCode::MalformedJson,
                "The body could not be read to its end. Send it again.",
            )),
            Err(_) => Err(Failure::new(
                ErrorCode::Timeout,
                "The body has not come to its end in time. Send it again.",
            )),
        }
    }

    /// An answer without what is not the browser's business, held to its limits while it goes out.
    fn passed(
        &self,
        answer: http::Response<Incoming>,
        permit: OwnedSemaphorePermit,
    ) -> Result<Response, Failure> {
        let (parts, body) = answer.into_parts();
        let upstream = &self.upstream;
        if parts.status == StatusCode::UNAUTHORIZED {
            tracing::warn!(%upstream, "the key of --upstream-key-file is not accepted");
            return Err(self.unfit("does not accept the key of this gateway"));
        }
        if !is_final(parts.status) {
            return Err(self.unfit("sends to another address, where this gateway does not go"));
        }
        let most = self.limits.answer;
        if announced(&parts.headers).is_some_and(|length| length > most) {
            return Err(self.unfit("answers with more than this gateway passes on"));
        }
        let body = TimeoutBody::new(self.limits.silence, body);
        let body = Limited::new(body, most).map_frame(move |frame| {
            let _on_its_way = &permit;
            frame
        });
        let mut response = Response::new(Body::new(body));
        *response.status_mut() = parts.status;
        *response.headers_mut() = headers::of_answer(parts.headers);
        Ok(response)
    }

    /// The platform elsewhere broke off, or does not speak HTTP.
    fn failed(&self, error: &(dyn Error + 'static)) -> Failure {
        let upstream = &self.upstream;
        tracing::warn!(%upstream, cause = whole_story(error), "there is no answer");
        self.unfit("did not give an answer that could be understood")
    }

    fn unfit(&self, what: &str) -> Failure {
        let upstream = &self.upstream;
        Failure::new(
            ErrorCode::UpstreamFailed,
            format!(
                "The platform at {upstream} {what}. Whoever runs this gateway checks --upstream and its key."
            ),
        )
    }
}

/// Passes a request on.
pub(super) async fn forward(State(forwarder): State<Forwarder>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let passed = forwarder.pass(&parts, body).await;
    passed.unwrap_or_else(|failure| {
        failure.response(dialect_of(parts.uri.path()), &RequestId::of(&parts))
    })
}

fn announced(headers: &HeaderMap) -> Option<usize> {
    headers.get(CONTENT_LENGTH)?.to_str().ok()?.parse().ok()
}

fn too_large() -> Failure {
    Failure::new(
        ErrorCode::TooLarge,
        "The body is larger than 1 MiB. Send less at once.",
    )
}

fn busy() -> Failure {
    Failure::new(
        ErrorCode::UpstreamUnavailable,
        "This gateway has as many requests on their way as it may. Try again shortly.",
    )
}
