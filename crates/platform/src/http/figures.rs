//! Counts what the API answers, and tells how the platform itself does: `GET /metrics`, as Prometheus
//! reads it (OpenMetrics text). No label names a service, a person or a key.

mod page;

use std::time::Duration;

use axum::extract::State;
use axum::response::Response;
use http::header::{CACHE_CONTROL, CONTENT_TYPE};
use http::{HeaderValue, Method, StatusCode};
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::Registry;

use super::Context;
use super::answer::json;
use page::Page;

const TEXT: HeaderValue =
    HeaderValue::from_static("application/openmetrics-text; version=1.0.0; charset=utf-8");

/// Upper bounds of the times that requests take, in seconds.
const SECONDS: [f64; 12] = [
    0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0,
];

/// What stands for the route of what no route of the API takes: files of the console.
const CONSOLE: &str = "console";

/// What was answered so far. Cheap to clone.
#[derive(Clone, Debug)]
pub(crate) struct Figures {
    answers: Family<Answer, Counter>,
    seconds: Family<Route, Histogram, fn() -> Histogram>,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct Answer {
    method: &'static str,
    route: String,
    status: u16,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct Route {
    method: &'static str,
    route: String,
}

impl Default for Figures {
    fn default() -> Self {
        Self {
            answers: Family::default(),
            seconds: Family::new_with_constructor(|| Histogram::new(SECONDS)),
        }
    }
}

impl Figures {
    /// Counts an answer. The route is the template, not the address: so many of them there are.
    pub(super) fn count(
        &self,
        method: &Method,
        route: Option<&str>,
        status: StatusCode,
        took: Duration,
    ) {
        let method = word(method);
        let route = match route {
            Some(route) if route.len() > 1 => route.trim_end_matches('/').to_owned(),
            _ => CONSOLE.to_owned(),
        };
        let took = took.as_secs_f64();
        let of_route = Route {
            method,
            route: route.clone(),
        };
        self.seconds.get_or_create(&of_route).observe(took);
        let answer = Answer {
            method,
            route,
            status: status.as_u16(),
        };
        self.answers.get_or_create(&answer).inc();
    }
}

/// A method that somebody made up is none of many.
fn word(method: &Method) -> &'static str {
    match *method {
        Method::GET => "GET",
        Method::HEAD => "HEAD",
        Method::POST => "POST",
        Method::PUT => "PUT",
        Method::PATCH => "PATCH",
        Method::DELETE => "DELETE",
        Method::OPTIONS => "OPTIONS",
        _ => "other",
    }
}

/// `GET /metrics`
pub(super) async fn metrics(State(context): State<Context>) -> Response {
    let vitals = match context.platform.vitals().await {
        Ok(vitals) => vitals,
        Err(error) => {
            let body = serde_json::json!({"ok": false, "message": error.to_string()});
            return json(503, body.to_string());
        }
    };
    let mut registry = Registry::default();
    let figures = context.figures;
    registry.register(
        "pilothouse_api_requests",
        "Answers to requests of the API and for the console's files",
        figures.answers,
    );
    registry.register(
        "pilothouse_api_request_duration_seconds",
        "How long the answers took",
        figures.seconds,
    );
    let pace = context.platform.pace.clone();
    registry.register(
        "pilothouse_reconcile_look_seconds",
        "How long a look at everything that runs took",
        pace.looks,
    );
    registry.register(
        "pilothouse_reconcile_pass_seconds",
        "How long a look at one service took with what it led to, by how it ended",
        pace.passes,
    );
    registry.register_collector(Box::new(Page(vitals)));
    let mut text = String::new();
    // Writing to a String can't fail.
    let _ = encode(&mut text, &registry);
    let mut response = Response::new(text.into());
    response.headers_mut().insert(CONTENT_TYPE, TEXT);
    let no_store = HeaderValue::from_static("no-store");
    response.headers_mut().insert(CACHE_CONTROL, no_store);
    response
}
