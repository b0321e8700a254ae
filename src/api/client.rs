//! Sends a declared endpoint over HTTP. The only file that knows the browser's fetch.

use gloo_net::http::{RequestBuilder, Response};
use wasm_bindgen::JsValue;
use web_sys::{AbortController, AbortSignal};
use wire::endpoint::{BodyRule, Endpoint, Method, dialect, url};
use wire::envelope::{decode_error, decode_reply};

use super::{Connection, Failure};

/// How long a call may take, in seconds: longer than the platform's own limit for any of them.
const TIMEOUT: u32 = 30;

/// Sends one call and reads its answer. Dropping the future aborts the request.
///
/// # Errors
/// Anything but the answer that the endpoint promises.
pub async fn send<E: Endpoint>(
    connection: &Connection,
    params: &E::Params,
    query: &E::Query,
    body: &E::Body,
) -> Result<E::Reply, Failure> {
    let bytes = match E::BODY {
        BodyRule::None => None,
        BodyRule::Optional | BodyRule::Required => Some(encode(serde_json::to_string(body))?),
    };
    let url = connection.url(&url::<E>(params, query));
    let reply = exchange(E::METHOD, &url, bytes).await?;
    decode_reply(dialect::<E>(params), &reply)
        .map_err(|error| Failure::Malformed(format!("{}: {error}", E::NAME)))
}

fn encode(body: Result<String, serde_json::Error>) -> Result<String, Failure> {
    body.map_err(|error| Failure::Malformed(error.to_string()))
}

/// Aborts the request when the one who asked is gone.
struct AbortOnDrop(AbortController);

impl Drop for AbortOnDrop {
    fn drop(&mut self) {
        self.0.abort();
    }
}

async fn exchange(method: Method, url: &str, body: Option<String>) -> Result<Vec<u8>, Failure> {
    let controller = AbortController::new().map_err(|_| Failure::Unreachable)?;
    let signals = js_sys::Array::of2(
        &controller.signal(),
        &AbortSignal::timeout_with_u32(TIMEOUT * 1000),
    );
    let _guard = AbortOnDrop(controller);
    let signal = AbortSignal::any(&signals);
    let response = request(method, url, body, &signal)?
        .send()
        .await
        .map_err(network_failure)?;
    let bytes = response.binary().await.map_err(network_failure)?;
    answer(&response, bytes)
}

fn request(
    method: Method,
    url: &str,
    body: Option<String>,
    signal: &AbortSignal,
) -> Result<gloo_net::http::Request, Failure> {
    let builder = RequestBuilder::new(url)
        .method(method_of(method))
        .abort_signal(Some(signal))
        .header("Accept", "application/json");
    match body {
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
        gloo_net::Error::JsError(error) if error.name == "TimeoutError" => {
            Failure::Timeout(TIMEOUT)
        }
        _ if !web_sys::window().is_none_or(|window| window.navigator().on_line()) => {
            Failure::Offline
        }
        _ => Failure::Unreachable,
    }
}
