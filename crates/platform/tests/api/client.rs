//! A platform of a test's own, and requests to it without a socket.

use std::num::NonZeroU16;
use std::path::PathBuf;
use std::time::Duration;

use axum::Router;
use axum::body::{Body, to_bytes};
use http::header::CONTENT_TYPE;
use http::{HeaderMap, Request};
use pilothouse::app::{App, Parts, app};
use pilothouse::build::BuildSettings;
use pilothouse::engine::EngineChoice;
use pilothouse::logs::Retention;
use pilothouse_wire::envelope::Dialect;
use pilothouse_wire::session::Role;
use serde_json::{Value, json};
use tempfile::TempDir;
use tower::ServiceExt;

use crate::coverage;

/// How long a condition may take to come true.
const PATIENCE: Duration = Duration::from_secs(30);

/// A platform with a simulated engine in a folder of its own.
pub(crate) struct Api {
    pub(crate) app: App,
    pub(crate) folder: TempDir,
    router: Router,
    key: String,
}

impl Api {
    pub(crate) async fn start() -> Self {
        Self::start_with(|_| {}).await
    }

    pub(crate) async fn start_with(change: impl FnOnce(&mut Parts)) -> Self {
        let folder = TempDir::new().unwrap();
        let mut parts = Parts {
            data_dir: folder.path().to_owned(),
            engine: EngineChoice::Simulated(NonZeroU16::MIN),
            ingress_url: "http://127.0.0.1:7080".to_owned(),
            behind_proxy: false,
            tls: false,
            logs: Retention::default(),
            builds: BuildSettings::default(),
            console: None::<PathBuf>,
            oidc: None,
        };
        change(&mut parts);
        let app = app(parts).await.unwrap();
        Self {
            router: app.router(),
            app,
            folder,
            key: String::new(),
        }
    }

    /// The same with pages of another origin let in.
    pub(crate) fn letting_in(mut self, origin: &str) -> Self {
        self.app = self.app.let_in(vec![origin.parse().unwrap()]);
        self.router = self.app.router();
        self
    }

    /// The same with a key for every call, the org `acme` and its project `shop`.
    pub(crate) async fn with_shop() -> Self {
        Self::shop_with(|_| {}).await
    }

    /// The same on a platform of other parts.
    pub(crate) async fn shop_with(change: impl FnOnce(&mut Parts)) -> Self {
        let api = Self::start_with(change).await.with_key().await;
        api.post("/orgs/", json!({"name": "Acme"})).await.is(201);
        api.post("/orgs/acme/projects/", json!({"name": "Shop"}))
            .await
            .is(201);
        api
    }

    pub(crate) async fn with_key(mut self) -> Self {
        self.key = self.app.create_key("tester", Role::Admin).await.unwrap();
        self
    }

    pub(crate) fn key(&self) -> &str {
        &self.key
    }

    /// A request with the key, below the API's base unless the path names a place at the root.
    pub(crate) fn call(&self, method: &str, path: &str) -> Call {
        let call = self.anonymous(method, path);
        if self.key.is_empty() {
            return call;
        }
        call.header("x-api-key", &self.key)
    }

    /// A request without a credential.
    pub(crate) fn anonymous(&self, method: &str, path: &str) -> Call {
        let below = !path.starts_with("//");
        let path = if below {
            format!("/api/v1{path}")
        } else {
            path[1..].to_owned()
        };
        Call {
            router: self.router.clone(),
            builder: Request::builder().method(method).uri(&path),
            body: Body::empty(),
            method: method.to_owned(),
            path,
        }
    }

    pub(crate) fn get(&self, path: &str) -> impl Future<Output = Got> + use<> {
        self.call("GET", path).send()
    }

    pub(crate) fn delete(&self, path: &str) -> impl Future<Output = Got> + use<> {
        self.call("DELETE", path).send()
    }

    #[expect(
        clippy::needless_pass_by_value,
        reason = "calls read better with json!"
    )]
    pub(crate) fn post(&self, path: &str, body: Value) -> impl Future<Output = Got> + use<> {
        self.call("POST", path).json(&body).send()
    }

    #[expect(
        clippy::needless_pass_by_value,
        reason = "calls read better with json!"
    )]
    pub(crate) fn patch(&self, path: &str, body: Value) -> impl Future<Output = Got> + use<> {
        self.call("PATCH", path).json(&body).send()
    }

    /// Asks again until the reply is as wished.
    pub(crate) async fn until(&self, path: &str, wish: impl Fn(&Value) -> bool) -> Value {
        let mut last = Value::Null;
        let asking = async {
            loop {
                last = self.get(path).await.is(200).data();
                if wish(&last) {
                    return;
                }
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        let came = tokio::time::timeout(PATIENCE, asking).await;
        assert!(came.is_ok(), "{path} never became as wished: {last}");
        last
    }
}

/// A request while it is put together.
pub(crate) struct Call {
    router: Router,
    builder: http::request::Builder,
    body: Body,
    method: String,
    path: String,
}

impl Call {
    pub(crate) fn header(mut self, name: &str, value: &str) -> Self {
        self.builder = self.builder.header(name, value);
        self
    }

    pub(crate) fn json(self, body: &Value) -> Self {
        self.text(&body.to_string())
            .header(CONTENT_TYPE.as_str(), "application/json")
    }

    pub(crate) fn text(mut self, body: &str) -> Self {
        self.body = Body::from(body.to_owned());
        self
    }

    pub(crate) async fn send(self) -> Got {
        let request = self.builder.body(self.body).unwrap();
        let response = self.router.oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        let bytes = to_bytes(body, usize::MAX).await.unwrap();
        if parts.status.is_success() {
            coverage::touch(&self.method, &self.path);
        }
        Got {
            status: parts.status.as_u16(),
            headers: parts.headers,
            body: serde_json::from_slice(&bytes).unwrap_or_default(),
            text: String::from_utf8_lossy(&bytes).into_owned(),
            dialect: if self.path.starts_with("/api/v1/workspaces") {
                Dialect::Workspace
            } else {
                Dialect::Environment
            },
        }
    }
}

/// What came back.
#[derive(Debug)]
pub(crate) struct Got {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Value,
    pub(crate) text: String,
    dialect: Dialect,
}

impl Got {
    /// Asserts the status.
    #[track_caller]
    pub(crate) fn is(self, status: u16) -> Self {
        assert_eq!(self.status, status, "{}", self.text);
        self
    }

    /// What was answered, out of the envelope where there is one.
    #[track_caller]
    pub(crate) fn data(mut self) -> Value {
        if self.dialect == Dialect::Environment {
            return self.body;
        }
        assert_eq!(self.body["status"], "success", "{}", self.text);
        assert!(self.body["message"].is_string(), "{}", self.text);
        self.body["data"].take()
    }

    /// Asserts the error: status, machine word, and the shape of the dialect.
    #[track_caller]
    pub(crate) fn fails(self, status: u16, code: &str) -> Self {
        assert_eq!(self.status, status, "{}", self.text);
        assert_eq!(self.body["code"], code, "{}", self.text);
        assert!(self.message().len() > 10, "{}", self.text);
        let id = self.headers.get("x-request-id").unwrap().to_str().unwrap();
        assert_eq!(self.body["request_id"], id, "{}", self.text);
        match self.dialect {
            Dialect::Workspace => {
                assert_eq!(self.body["status"], "error", "{}", self.text);
                assert!(self.body.get("data").is_some_and(Value::is_null));
            }
            Dialect::Environment => assert_eq!(self.body["status"], status, "{}", self.text),
        }
        self
    }

    pub(crate) fn message(&self) -> &str {
        self.body["message"].as_str().unwrap_or_default()
    }

    /// The first fault of a field.
    #[track_caller]
    pub(crate) fn fault(&self, field: &str) -> &str {
        let fault = self.body["errors"][field][0].as_str();
        fault.unwrap_or_else(|| panic!("no fault of {field}: {}", self.text))
    }

    pub(crate) fn header(&self, name: &str) -> &str {
        let value = self.headers.get(name);
        value.map_or("", |value| value.to_str().unwrap())
    }
}
