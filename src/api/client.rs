//! Sends a declared endpoint over HTTP. The only file that knows the browser's fetch.

use std::future::Future;
use std::marker::PhantomData;
use std::pin::Pin;

use gloo_net::http::{RequestBuilder, Response};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use wasm_bindgen::JsValue;
use web_sys::{AbortController, AbortSignal};
use wire::endpoint::{BodyRule, Endpoint, Method, dialect, documented_url, url};
use wire::envelope::{Dialect, decode_error, decode_reply};

use super::repeat::{self, LOST};
use super::{Connection, Failure, body, clock, curl};

/// How long a call may take, in seconds: longer than the platform's own limit for any of them.
const TIMEOUT: u32 = 30;

/// A key speaks for itself: nothing else of this browser goes to its platform.
const NO_COOKIES: web_sys::RequestCredentials = web_sys::RequestCredentials::Omit;

/// A call as it travels. Two that are equal ask for the same.
#[derive(Clone, Debug, PartialEq)]
pub struct Request {
    connection: Connection,
    name: &'static str,
    dialect: Dialect,
    method: Method,
    url: String,
    body: Option<String>,
    /// The revision that what is changed must still have.
    revision: Option<String>,
    /// What the platform knows it by when it is sent again.
    key: Option<String>,
    /// Whether the platform is only looked at: the page goes on with another one.
    is_apart: bool,
    /// Whether its answer may hold texts of any length.
    has_long_texts: bool,
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
    told: Option<Told>,
}

/// What came of a call that was answered well.
struct Received {
    bytes: Vec<u8>,
    revision: Option<String>,
    told: Option<Told>,
}

impl Received {
    /// In the place of the answer that was lost of what is done by now.
    fn nothing(request: &Request) -> Self {
        let nothing: &[u8] = match request.dialect {
            Dialect::Workspace => br#"{"data":null}"#,
            Dialect::Environment => b"null",
        };
        Self {
            bytes: nothing.to_vec(),
            revision: None,
            told: None,
        }
    }
}

/// The instant that a reply tells, and when by this machine the call was sent and answered: all in
/// milliseconds since 1970.
#[derive(Clone, Copy)]
struct Told {
    instant: i64,
    sent: i64,
    answered: i64,
}

/// A call of a declared endpoint, not sent yet.
pub fn call<E: Endpoint>(
    connection: &Connection,
    params: &E::Params,
    query: &E::Query,
    body: &E::Body,
) -> Call<E::Reply> {
    let request = Request {
        connection: connection.clone(),
        name: E::NAME,
        dialect: dialect::<E>(params),
        method: E::METHOD,
        url: connection.url(&match connection.offer().dialect() {
            None => url::<E>(params, query),
            Some(_) => documented_url::<E>(params, query),
        }),
        body: match E::BODY {
            BodyRule::None => None,
            // A body that can't be written is sent empty, which the platform refuses.
            BodyRule::Optional | BodyRule::Required => {
                Some(serde_json::to_string(body).unwrap_or_default())
            }
        },
        revision: None,
        key: None,
        is_apart: false,
        has_long_texts: false,
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
    /// Takes texts of any length over: elsewhere they are bounded.
    #[must_use]
    pub fn with_long_texts(mut self) -> Self {
        self.request.has_long_texts = true;
        self
    }

    /// Asks the platform to refuse it unless what it changes still has this revision.
    #[must_use]
    pub fn if_revision(mut self, revision: Option<String>) -> Self {
        self.request.revision = revision;
        self
    }
}

impl Request {
    /// Asks without that the page takes over anything of the answer.
    #[must_use]
    pub fn apart(mut self) -> Self {
        self.is_apart = true;
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
    ///
    /// What the platform does not answer is not asked for.
    pub fn send(self) -> Exchange {
        Box::pin(async move {
            if !self.is_answerable() {
                return Err(Failure::Absent);
            }
            let was_lost = self.was_lost();
            let received = exchange(self.keyed()).await;
            let received = match received {
                Err(failure) if was_lost && self.is_removed(&failure) => Received::nothing(&self),
                received => received?,
            };
            let bytes = match self.has_long_texts {
                true => received.bytes,
                false => bulk::texts::cut(received.bytes),
            };
            Ok(Answer {
                request: self,
                bytes,
                revision: received.revision,
                told: received.told,
            })
        })
    }

    fn is_answerable(&self) -> bool {
        let offer = self.connection.offer();
        let only = offer.dialect();
        offer.has(self.name) && only.is_none_or(|only| only == self.dialect)
    }

    /// Whether the platform knows what goes beyond the source documents. One that does not would
    /// refuse headers of another origin that it has not heard of.
    fn is_whole(&self) -> bool {
        self.connection.offer().dialect().is_none()
    }

    /// The same with what the platform will know it by if its answer is lost. A platform keeps no
    /// answer that says no: what failed may have the same key again.
    fn keyed(&self) -> Self {
        let mut keyed = self.clone();
        keyed.revision = keyed.revision.filter(|_| self.is_whole());
        if self.is_remembered() {
            let key = LOST.with_borrow(|lost| lost.key(self, repeat::fresh));
            LOST.with_borrow_mut(|lost| lost.settle(self.clone(), key.clone(), false));
            keyed.key = Some(key).filter(|_| self.method == Method::Post && self.is_whole());
        }
        keyed
    }

    /// Whether it does something that must not be done twice: what is set to a value may be set again.
    fn is_remembered(&self) -> bool {
        matches!(self.method, Method::Post | Method::Delete)
    }

    /// Whether the same was asked for before, and no answer came.
    fn was_lost(&self) -> bool {
        self.is_remembered() && LOST.with_borrow(|lost| lost.holds(self))
    }

    /// Whether a failure says that what was to be removed is not there.
    fn is_removed(&self, failure: &Failure) -> bool {
        self.method == Method::Delete && failure.is_not_found()
    }

    /// Its answer has arrived, whole.
    fn is_answered(&self) {
        if self.is_remembered() {
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

    /// So many milliseconds the platform's clock is ahead of this machine's, to a second and half of
    /// what the call took; where the platform tells its time.
    pub fn ahead(&self) -> Option<i64> {
        let told = self.told?;
        Some(clock::ahead(told.instant, told.sent, told.answered))
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

async fn exchange(call: Request) -> Result<Received, Failure> {
    let controller = AbortController::new().map_err(|_| Failure::Unreachable)?;
    let signals = js_sys::Array::of2(
        &controller.signal(),
        &AbortSignal::timeout_with_u32(TIMEOUT * 1000),
    );
    let _guard = AbortOnDrop(controller);
    let signal = AbortSignal::any(&signals);
    let sent = js_sys::Date::now();
    let is_apart = call.is_apart;
    let response = request(call, &signal)?
        .send()
        .await
        .map_err(network_failure)?;
    let told = told(&response, sent);
    if let (Some(told), false) = (told, is_apart) {
        clock::learn(told.instant, told.sent, told.answered);
    }
    let bytes = match response.body().and_then(|body| body::reader(&body)) {
        Some(reader) => {
            let length = response.headers().get("Content-Length");
            let length = length.and_then(|length| length.parse().ok()).unwrap_or(0);
            let read = body::read(&reader, length).await;
            read.map_err(|error| lost(&error))?
        }
        None => response.binary().await.map_err(network_failure)?,
    };
    Ok(Received {
        revision: response.headers().get("ETag"),
        bytes: answer(&response, bytes)?,
        told,
    })
}

/// The platform's time, where the reply tells it.
fn told(response: &Response, sent: f64) -> Option<Told> {
    let instant = js_sys::Date::parse(&response.headers().get("Date")?);
    instant.is_finite().then(|| Told {
        instant: instant as i64,
        sent: sent as i64,
        answered: js_sys::Date::now() as i64,
    })
}

/// Reads a file that travels with the page.
///
/// # Errors
/// It did not come.
pub async fn file(path: &str) -> Result<Vec<u8>, Failure> {
    let response = RequestBuilder::new(path).send().await;
    let response = response.map_err(network_failure)?;
    let bytes = response.binary().await.map_err(network_failure)?;
    answer(&response, bytes)
}

/// Whether anything at all answers at an address, also what does not let this page read its answer.
pub async fn is_anything_at(url: &str) -> bool {
    let request = RequestBuilder::new(url).mode(web_sys::RequestMode::NoCors);
    request.credentials(NO_COOKIES).send().await.is_ok()
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
    if let Some((name, value)) = call.connection.credential() {
        builder = builder.header(name, &value).credentials(NO_COOKIES);
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
        let error = Box::new(decode_error(response.status(), &bytes));
        let wait = response.headers().get("Retry-After");
        // Seconds, or, from proxies, an instant, which tells no more than that it is not yet.
        let wait = wait.and_then(|seconds| seconds.trim().parse().ok());
        Err(match (error.status, wait) {
            (429 | 503, Some(seconds)) => Failure::Later(error, seconds),
            _ => Failure::Refused(error),
        })
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
