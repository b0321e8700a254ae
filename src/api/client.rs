//! Sends a declared endpoint over HTTP. The only file that knows the browser's fetch.

use std::future::Future;
use std::marker::PhantomData;
use std::pin::Pin;

use gloo_net::http::{RequestBuilder, Response};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use wasm_bindgen::JsValue;
use web_sys::{AbortController, AbortSignal};
use wire::endpoint::{BodyRule, Endpoint, Method, dialect, url};
use wire::envelope::{Dialect, decode_error, decode_reply};

use super::repeat::{self, LOST};
use super::{Connection, Failure, body, clock, curl};

/// How long a call may take, in seconds: longer than the platform's own limit for any of them.
const TIMEOUT: u32 = 30;

/// A call as it travels. Two that are equal ask for the same.
#[derive(Clone, Debug, PartialEq)]
pub struct Request {
    name: &'static str,
    dialect: Dialect,
    method: Method,
    url: String,
    body: Option<String>,
    /// The revision that what is changed must still have.
    revision: Option<String>,
    /// What the platform knows it by when it is sent again.
    key: Option<String>,
}

/// A call and the type of what it is answered with.
pub struct Call<T> {
    /// The call itself.
    pub request: Request,
    reply: PhantomData<fn() -> T>,
}

/// What came back of a call, not read yet.
pub struct Answer {
    request: Request,
    bytes: Vec<u8>,
    revision: Option<String>,
}

/// A call of a declared endpoint, not sent yet.
pub fn call<E: Endpoint>(
    connection: &Connection,
    params: &E::Params,
    query: &E::Query,
    body: &E::Body,
) -> Call<E::Reply> {
    let request = Request {
        name: E::NAME,
        dialect: dialect::<E>(params),
        method: E::METHOD,
        url: connection.url(&url::<E>(params, query)),
        body: match E::BODY {
            BodyRule::None => None,
            // A body that can't be written is sent empty, which the platform refuses.
            BodyRule::Optional | BodyRule::Required => {
                Some(serde_json::to_string(body).unwrap_or_default())
            }
        },
        revision: None,
        key: None,
    };
    Call {
        request,
        reply: PhantomData,
    }
}

/// Sends one call and reads its answer. Dropping the future aborts the request.
///
/// # Errors
/// Anything but the answer that the endpoint promises.
pub fn send<E: Endpoint>(
    connection: &Connection,
    params: &E::Params,
    query: &E::Query,
    body: &E::Body,
) -> impl Future<Output = Result<E::Reply, Failure>> + use<E> {
    call::<E>(connection, params, query, body).send()
}

impl<T: DeserializeOwned> Call<T> {
    /// Sends it and reads its answer. Dropping the future aborts the request.
    ///
    /// # Errors
    /// Anything but the answer that the endpoint promises.
    pub fn send(self) -> impl Future<Output = Result<T, Failure>> {
        receive(self.request)
    }
}

impl<T> Call<T> {
    /// Asks the platform to refuse it unless what it changes still has this revision.
    #[must_use]
    pub fn if_revision(mut self, revision: Option<String>) -> Self {
        self.request.revision = revision;
        self
    }
}

async fn receive<T: DeserializeOwned>(request: Request) -> Result<T, Failure> {
    request.send().await?.read()
}

/// A request on its way, whatever it asks for.
pub type Exchange = Pin<Box<dyn Future<Output = Result<Answer, Failure>>>>;

impl Request {
    /// Sends it. Dropping the future aborts it.
    pub fn send(self) -> Exchange {
        Box::pin(async move {
            let keyed = self.keyed();
            let (bytes, revision) = exchange(keyed).await?;
            Ok(Answer {
                request: self,
                bytes,
                revision,
            })
        })
    }

    /// The same with what the platform will know it by if its answer is lost. A platform keeps no
    /// answer that says no: what failed may have the same key again.
    fn keyed(&self) -> Self {
        let mut keyed = self.clone();
        if self.method == Method::Post {
            let key = LOST.with_borrow(|lost| lost.key(self, repeat::fresh));
            LOST.with_borrow_mut(|lost| lost.settle(self.clone(), key.clone(), false));
            keyed.key = Some(key);
        }
        keyed
    }

    /// Its answer has arrived, whole.
    fn is_answered(&self) {
        if self.method == Method::Post {
            LOST.with_borrow_mut(|lost| lost.settle(self.clone(), String::new(), true));
        }
    }

    /// The same call for a terminal, without the key: it stands in the environment there.
    pub fn as_curl(&self, origin: &str) -> String {
        let url = match self.url.starts_with('/') {
            true => format!("{origin}{}", self.url),
            false => self.url.clone(),
        };
        let revision = self.revision.as_deref();
        curl::command(self.method.name(), &url, revision, self.body.as_deref())
    }
}

impl Answer {
    /// Reads it as what the endpoint promises.
    ///
    /// # Errors
    /// It is something else.
    pub fn read<'a, T: Deserialize<'a>>(&'a self) -> Result<T, Failure> {
        self.read_with(decode_reply)
    }

    /// Reads the reply in a way of its own.
    ///
    /// # Errors
    /// It is something else.
    pub fn read_with<'a, T>(
        &'a self,
        read: impl FnOnce(Dialect, &'a [u8]) -> Result<T, serde_json::Error>,
    ) -> Result<T, Failure> {
        let Request { name, dialect, .. } = self.request;
        let read = read(dialect, &self.bytes);
        if read.is_ok() {
            self.request.is_answered();
        }
        read.map_err(|error| Failure::Malformed(format!("{name}: {error}")))
    }

    /// The revision of what was answered, where the platform told one.
    pub fn revision(&self) -> Option<String> {
        self.revision.clone()
    }
}

/// Aborts the request when the one who asked is gone.
struct AbortOnDrop(AbortController);

impl Drop for AbortOnDrop {
    fn drop(&mut self) {
        self.0.abort();
    }
}

async fn exchange(call: Request) -> Result<(Vec<u8>, Option<String>), Failure> {
    let controller = AbortController::new().map_err(|_| Failure::Unreachable)?;
    let signals = js_sys::Array::of2(
        &controller.signal(),
        &AbortSignal::timeout_with_u32(TIMEOUT * 1000),
    );
    let _guard = AbortOnDrop(controller);
    let signal = AbortSignal::any(&signals);
    let sent = js_sys::Date::now();
    let response = request(call, &signal)?
        .send()
        .await
        .map_err(network_failure)?;
    learn_time(&response, sent);
    let bytes = match response.body().and_then(|body| body::reader(&body)) {
        Some(reader) => {
            let length = response.headers().get("Content-Length");
            let length = length.and_then(|length| length.parse().ok()).unwrap_or(0);
            let read = body::read(&reader, length).await;
            read.map_err(|error| lost(&error))?
        }
        None => response.binary().await.map_err(network_failure)?,
    };
    let revision = response.headers().get("ETag");
    Ok((answer(&response, bytes)?, revision))
}

/// Takes over the platform's time, where the reply tells it.
fn learn_time(response: &Response, sent: f64) {
    let told = response.headers().get("Date");
    let told = told.map_or(f64::NAN, |told| js_sys::Date::parse(&told));
    if told.is_finite() {
        clock::learn(told as i64, sent as i64, js_sys::Date::now() as i64);
    }
}

fn request(call: Request, signal: &AbortSignal) -> Result<gloo_net::http::Request, Failure> {
    let mut builder = RequestBuilder::new(&call.url)
        .method(method_of(call.method))
        .abort_signal(Some(signal))
        .header("Accept", "application/json");
    if let Some(revision) = &call.revision {
        builder = builder.header("If-Match", revision);
    }
    if let Some(key) = &call.key {
        builder = builder.header("Idempotency-Key", key);
    }
    match call.body {
        Some(body) => builder
            .header("Content-Type", "application/json")
            .body(JsValue::from(body)),
        None => builder.build(),
    }
    .map_err(network_failure)
}

fn method_of(method: Method) -> gloo_net::http::Method {
    match method {
        Method::Get => gloo_net::http::Method::GET,
        Method::Post => gloo_net::http::Method::POST,
        Method::Patch => gloo_net::http::Method::PATCH,
        Method::Put => gloo_net::http::Method::PUT,
        Method::Delete => gloo_net::http::Method::DELETE,
    }
}

fn answer(response: &Response, bytes: Vec<u8>) -> Result<Vec<u8>, Failure> {
    if response.ok() {
        Ok(bytes)
    } else {
        let error = decode_error(response.status(), &bytes);
        Err(Failure::Refused(Box::new(error)))
    }
}

fn network_failure(error: gloo_net::Error) -> Failure {
    match error {
        gloo_net::Error::JsError(error) => lost(&error.name),
        _ => lost(""),
    }
}

/// Why a call was lost, by the name of the browser's error.
fn lost(error: &str) -> Failure {
    if error == "TimeoutError" {
        Failure::Timeout(TIMEOUT)
    } else if !web_sys::window().is_none_or(|window| window.navigator().on_line()) {
        Failure::Offline
    } else {
        Failure::Unreachable
    }
}
