//! A registry of one image, as the engines read it: the pull half of the OCI distribution
//! specification 1.1 (<https://github.com/opencontainers/distribution-spec>).

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::http::header::{CONTENT_LENGTH, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use bytes::Bytes;
use futures_util::stream;
use serde_json::json;
use sha2::{Digest, Sha256};
use tokio::net::TcpListener;
use tokio::sync::Semaphore;
use tokio_util::task::AbortOnDropHandle;

const MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";
const CONFIG: &str = "application/vnd.oci.image.config.v1+json";
const LAYER: &str = "application/vnd.oci.image.layer.v1.tar";

/// A registry on a port of its own, for as long as it is held.
pub(crate) struct Registry {
    /// `127.0.0.1:port`
    pub(crate) host: String,
    image: Arc<Image>,
    _server: AbortOnDropHandle<()>,
}

struct Image {
    manifest: Bytes,
    config: Bytes,
    layer: Bytes,
    /// Closed once all of the layer may travel.
    hurry: Semaphore,
}

impl Registry {
    /// Serves one layer as the image `team/shop:1`, slowly until [`Registry::hurry`].
    /// `team/secret` is nobody's to read, and there is nothing else.
    pub(crate) async fn of_layer(layer: Bytes) -> Self {
        let image = Arc::new(Image::of_layer(layer));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let host = listener.local_addr().unwrap().to_string();
        let pages = Router::new()
            .route("/v2/", get(StatusCode::OK))
            .route("/v2/{*path}", get(page))
            .with_state(Arc::clone(&image));
        let server = async move { axum::serve(listener, pages).await.unwrap() };
        Self {
            host,
            image,
            _server: AbortOnDropHandle::new(tokio::spawn(server)),
        }
    }

    /// Lets all of the layer travel.
    pub(crate) fn hurry(&self) {
        self.image.hurry.close();
    }
}

impl Image {
    fn of_layer(layer: Bytes) -> Self {
        let config = json!({
            "architecture": if cfg!(target_arch = "aarch64") { "arm64" } else { "amd64" },
            "os": "linux",
            "config": {},
            "rootfs": {"type": "layers", "diff_ids": [digest(&layer)]},
        });
        let config = Bytes::from(config.to_string());
        let described = |media_type, bytes: &Bytes| json!({"mediaType": media_type, "digest": digest(bytes), "size": bytes.len()});
        let manifest = json!({
            "schemaVersion": 2,
            "mediaType": MANIFEST,
            "config": described(CONFIG, &config),
            "layers": [described(LAYER, &layer)],
        });
        Self {
            manifest: manifest.to_string().into(),
            config,
            layer,
            hurry: Semaphore::new(0),
        }
    }
}

fn digest(bytes: &Bytes) -> String {
    format!("sha256:{:x}", Sha256::digest(bytes))
}

async fn page(State(image): State<Arc<Image>>, Path(path): Path<String>) -> Response {
    let Some((name, reference)) = path
        .split_once("/manifests/")
        .or_else(|| path.split_once("/blobs/"))
    else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let is = |bytes: &Bytes| reference == digest(bytes);
    match name {
        "team/secret" => refusal(StatusCode::FORBIDDEN, "DENIED"),
        "team/shop" if reference == "1" || is(&image.manifest) => {
            let kind = [
                (CONTENT_TYPE.as_str(), MANIFEST.to_owned()),
                ("docker-content-digest", digest(&image.manifest)),
            ];
            (kind, image.manifest.clone()).into_response()
        }
        "team/shop" if is(&image.config) => image.config.clone().into_response(),
        "team/shop" if is(&image.layer) => {
            let length = [(CONTENT_LENGTH, image.layer.len())];
            (length, slowly(image)).into_response()
        }
        _ => refusal(StatusCode::NOT_FOUND, "MANIFEST_UNKNOWN"),
    }
}

fn refusal(status: StatusCode, code: &str) -> Response {
    let body = json!({"errors": [{"code": code, "message": code.to_lowercase()}]});
    (status, body.to_string()).into_response()
}

/// Engines tell how far they are when a piece arrives, and not more often than each second.
fn slowly(image: Arc<Image>) -> Body {
    const PIECE: usize = 64_000;
    const PAUSE: Duration = Duration::from_millis(100);
    let pieces = stream::unfold(0, move |sent| {
        let image = Arc::clone(&image);
        async move {
            let hurried = image.hurry.acquire();
            // It never gives a permit: what ends the wait early is that it is closed.
            let piece = match tokio::time::timeout(PAUSE, hurried).await {
                Ok(_) => image.layer.len(),
                Err(_) => PIECE,
            };
            let end = image.layer.len().min(sent + piece);
            (sent < end).then(|| (Ok::<_, Infallible>(image.layer.slice(sent..end)), end))
        }
    });
    Body::from_stream(pieces)
}
