//! The platform's side: tells every edge the routes, and stores what edges saw.

use std::convert::Infallible;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::extract::{DefaultBodyLimit, Request, State};
use axum::http::{StatusCode, header};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use bytes::Bytes;
use chrono::Utc;
use futures_util::stream;
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto;
use hyper_util::service::TowerToHyperService;
use rustls::crypto::ring;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, watch};
use tokio::time::timeout;
use tokio_rustls::TlsAcceptor;
use tokio_util::sync::CancellationToken;

use super::credentials::Credentials;
use super::protocol::{BEAT_SECONDS, Batch, ContainerUsage, NodeUsage, ROUTES, ROWS, Taken, USAGE};
use super::routes::Teller;
use crate::engine::{Disk, Engine, NodeReading, NodeView};
use crate::ingress::{Ingress, Ledger, Visit};
use crate::store::{Store, StoreResult};
use crate::telemetry::Telemetry;

/// Connections at the same time: a few of each edge, and strangers who have not shown the token yet.
const CONNECTIONS: usize = 1_024;
/// How long an edge may take to greet.
const GREET_WITHIN: Duration = Duration::from_secs(10);
/// The largest batch that is taken, in bytes: 2,000 requests with the longest paths.
const MAX_BATCH: usize = 32 * 1024 * 1024;
/// Changes that come so close together are told at once.
const GATHER: Duration = Duration::from_millis(20);

/// What is told to edges, and where goes what they tell.
#[derive(Clone)]
pub(crate) struct Hub {
    ingress: Ingress,
    ledger: Ledger,
    telemetry: Telemetry,
    engine: Arc<dyn Engine>,
    store: Store,
    credentials: Arc<Credentials>,
}

impl Hub {
    pub(crate) fn new(
        ingress: Ingress,
        ledger: Ledger,
        telemetry: Telemetry,
        engine: Arc<dyn Engine>,
        store: Store,
        credentials: Credentials,
    ) -> Self {
        Self {
            ingress,
            ledger,
            telemetry,
            engine,
            store,
            credentials: Arc::new(credentials),
        }
    }

    /// Takes edges until it is asked to stop.
    ///
    /// # Errors
    /// TLS can't be spoken with the credentials.
    pub(crate) fn serve(
        self,
        listener: TcpListener,
        stop: CancellationToken,
    ) -> io::Result<impl Future<Output = ()> + Send> {
        let tls = self.tls()?;
        let router = self.router();
        let places = Arc::new(Semaphore::new(CONNECTIONS));
        Ok(async move {
            loop {
                // Never closed.
                let Ok(place) = Arc::clone(&places).acquire_owned().await else {
                    return;
                };
                let accepted = tokio::select! {
                    accepted = listener.accept() => accepted,
                    () = stop.cancelled() => return,
                };
                match accepted {
                    Ok((stream, _)) => {
                        let answering = answer(stream, tls.clone(), router.clone());
                        let stop = stop.clone();
                        tokio::spawn(async move {
                            let _place = place;
                            stop.run_until_cancelled(answering).await
                        });
                    }
                    Err(error) => {
                        tracing::warn!(%error, "an edge can't be taken");
                        tokio::time::sleep(Duration::from_millis(50)).await;
                    }
                }
            }
        })
    }

    fn tls(&self) -> io::Result<TlsAcceptor> {
        let certificate = CertificateDer::from_pem_slice(self.credentials.certificate.as_bytes());
        let key = PrivateKeyDer::from_pem_slice(self.credentials.key.as_bytes());
        let config = rustls::ServerConfig::builder_with_provider(ring::default_provider().into())
            .with_safe_default_protocol_versions()
            .map_err(io::Error::other)?
            .with_no_client_auth()
            .with_single_cert(
                vec![certificate.map_err(io::Error::other)?],
                key.map_err(io::Error::other)?,
            );
        Ok(TlsAcceptor::from(Arc::new(
            config.map_err(io::Error::other)?,
        )))
    }

    fn router(self) -> Router {
        Router::new()
            .route(ROUTES, get(routes))
            .route(ROWS, post(rows))
            .route(USAGE, post(usage))
            .layer(DefaultBodyLimit::max(MAX_BATCH))
            .layer(middleware::from_fn_with_state(self.clone(), admit))
            .with_state(self)
    }

    /// Stores a batch, unless it is stored already.
    async fn store(&self, batch: Batch) -> StoreResult<()> {
        let last = self.store.edge_sequence(&batch.edge).await?;
        if last.is_some_and(|last| last >= batch.sequence) {
            return Ok(());
        }
        if batch.lost > 0 {
            tracing::warn!(node = %batch.node, lost = batch.lost, "an edge had no room for all that it saw");
            self.ledger.lose(batch.lost);
        }
        let visits: Vec<Visit> = batch.rows.into_iter().map(Visit::from).collect();
        self.ledger.take_over(visits).await;
        self.telemetry.flush().await;
        self.store
            .note_edge(&batch.edge, batch.sequence, Utc::now())
            .await
    }
}

async fn answer(stream: TcpStream, tls: TlsAcceptor, router: Router) {
    let _ = stream.set_nodelay(true);
    let Ok(Ok(stream)) = timeout(GREET_WITHIN, tls.accept(stream)).await else {
        return;
    };
    let service = TowerToHyperService::new(router);
    let mut server = auto::Builder::new(TokioExecutor::new());
    server
        .http1()
        .timer(hyper_util::rt::TokioTimer::new())
        .header_read_timeout(GREET_WITHIN);
    // However an edge ends its connection, it comes back.
    let _ = server.serve_connection(TokioIo::new(stream), service).await;
}

/// Whoever shows the token.
async fn admit(State(hub): State<Hub>, request: Request, next: Next) -> Response {
    let shown = request.headers().get(header::AUTHORIZATION);
    let shown = shown.and_then(|value| value.to_str().ok()?.strip_prefix("Bearer "));
    match shown.is_some_and(|shown| hub.credentials.opens(shown)) {
        true => next.run(request).await,
        false => StatusCode::UNAUTHORIZED.into_response(),
    }
}

/// What one edge is still to be told.
struct Telling {
    ingress: Ingress,
    changes: watch::Receiver<u64>,
    teller: Teller,
}

impl Telling {
    /// What is told next; an empty line where nothing changed for a while.
    async fn next(&mut self) -> Bytes {
        let (version, table) = self.ingress.table();
        if let Some(line) = self.line(version, &table) {
            return line;
        }
        let beat = Duration::from_secs(BEAT_SECONDS);
        if timeout(beat, self.changes.changed()).await.is_err() {
            return Bytes::from_static(b"\n");
        }
        tokio::time::sleep(GATHER).await;
        self.changes.mark_unchanged();
        let (version, table) = self.ingress.table();
        self.line(version, &table)
            .unwrap_or_else(|| Bytes::from_static(b"\n"))
    }

    fn line(&mut self, version: u64, table: &[crate::ingress::Answering]) -> Option<Bytes> {
        let told = self.teller.tell(version, table)?;
        let mut line = serde_json::to_vec(&told).ok()?;
        line.push(b'\n');
        Some(line.into())
    }
}

async fn routes(State(hub): State<Hub>) -> Response {
    let telling = Telling {
        changes: hub.ingress.changes(),
        ingress: hub.ingress,
        teller: Teller::default(),
    };
    let lines = stream::unfold(telling, |mut telling| async {
        let line = telling.next().await;
        Some((Ok::<_, Infallible>(line), telling))
    });
    Body::from_stream(lines).into_response()
}

/// A batch is acknowledged when its rows are on the disk.
async fn rows(State(hub): State<Hub>, Json(batch): Json<Batch>) -> Response {
    let sequence = batch.sequence;
    match hub.store(batch).await {
        Ok(()) => Json(Taken { sequence }).into_response(),
        Err(error) => {
            tracing::warn!(%error, "what an edge saw can't be stored");
            StatusCode::SERVICE_UNAVAILABLE.into_response()
        }
    }
}

async fn usage(State(hub): State<Hub>, Json(told): Json<NodeUsage>) -> StatusCode {
    if let Some(conductor) = hub.engine.conductor() {
        let reading = |one: ContainerUsage| NodeReading {
            container: one.container,
            cpu: Duration::from_nanos(one.cpu_nanos),
            memory: one.memory,
        };
        let readings = told.containers.into_iter().map(reading);
        let view = NodeView {
            ahead: told.at - Utc::now(),
            disk: told.disk.map(|(size, free)| Disk { size, free }),
            readings: readings.collect(),
        };
        conductor.note_node(&told.node, view);
    }
    StatusCode::NO_CONTENT
}
