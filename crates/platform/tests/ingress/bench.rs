//! An ingress on a free port, instances behind it, and a visitor before it.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::combinators::BoxBody;
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use pilothouse::ingress::{Backend, Ingress, Ledger, Limits, Room, Serving, Target, Visit, serve};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Mutex, mpsc};
use tokio::task::{JoinHandle, JoinSet};
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

pub(crate) const HOST: &str = "shop.example";
/// What takes longer never comes.
pub(crate) const PATIENCE: Duration = Duration::from_secs(30);

pub(crate) type Body = BoxBody<Bytes, Infallible>;
type Answering = Pin<Box<dyn Future<Output = Response<Body>> + Send>>;

/// An ingress at work.
pub(crate) struct Bench {
    pub(crate) ingress: Ingress,
    pub(crate) address: SocketAddr,
    pub(crate) stop: CancellationToken,
    pub(crate) serving: JoinHandle<()>,
    visits: Mutex<mpsc::Receiver<Visit>>,
}

impl Bench {
    pub(crate) async fn open() -> Self {
        Self::with(Limits::default()).await
    }

    /// One that waits as long as is said.
    pub(crate) async fn with(limits: Limits) -> Self {
        Self::of(limits, Room::within(20_000)).await
    }

    /// One that takes on only so much.
    pub(crate) async fn of(limits: Limits, room: Room) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (ingress, stop) = (Ingress::new(room), CancellationToken::new());
        let (ledger, visits) = Ledger::new();
        let serving = Serving {
            ingress: ingress.clone(),
            ledger,
            behind_proxy: false,
            limits,
        };
        let serving = tokio::spawn(serve(listener, &serving, stop.clone()).unwrap());
        Self {
            visits: Mutex::new(visits),
            ingress,
            address,
            stop,
            serving,
        }
    }

    /// Routes [`HOST`] to these instances.
    pub(crate) fn route(&self, backends: &[&Instance]) {
        let targets = backends.iter().map(|one| one.target()).collect();
        self.ingress.set("shop", &[HOST.to_owned()], targets);
    }

    /// The next request that is noted.
    pub(crate) async fn visit(&self) -> Visit {
        let visit = async { self.visits.lock().await.recv().await.unwrap() };
        timeout(PATIENCE, visit).await.unwrap()
    }

    /// Whether no request is left that was noted.
    pub(crate) async fn is_all_told(&self) -> bool {
        self.visits.lock().await.is_empty()
    }

    /// Waits until so many requests are on their way to an instance.
    pub(crate) async fn busy(&self, instance: &Instance, requests: usize) -> Arc<Backend> {
        let backend = self.ingress.backend("shop", &instance.id()).unwrap();
        let busy = async {
            while backend.in_flight() < requests {
                tokio::task::yield_now().await;
            }
        };
        timeout(PATIENCE, busy).await.unwrap();
        backend
    }

    pub(crate) async fn get(&self, path: &str) -> (u16, String) {
        self.ask(HOST, path).await
    }

    pub(crate) async fn ask(&self, host: &str, path: &str) -> (u16, String) {
        let head = format!("GET {path} HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\n\r\n");
        self.raw(head.as_bytes()).await
    }

    /// Sends bytes and reads until ingress closes: the status and all that followed.
    pub(crate) async fn raw(&self, request: &[u8]) -> (u16, String) {
        timeout(PATIENCE, self.exchange(request)).await.unwrap()
    }

    async fn exchange(&self, request: &[u8]) -> (u16, String) {
        let mut stream = TcpStream::connect(self.address).await.unwrap();
        // Ingress may answer and close before it has read all.
        let _ = stream.write_all(request).await;
        let mut answer = Vec::new();
        let _ = stream.read_to_end(&mut answer).await;
        let answer = String::from_utf8(answer).unwrap();
        let status = answer
            .split(' ')
            .nth(1)
            .unwrap_or_default()
            .parse()
            .unwrap_or(0);
        let body = answer.split_once("\r\n\r\n").map_or("", |(_, body)| body);
        (status, body.to_owned())
    }
}

/// A server in an instance's place. Its connections break when it is dropped.
pub(crate) struct Instance {
    pub(crate) address: SocketAddr,
    _accepting: JoinSet<()>,
}

impl Instance {
    pub(crate) fn id(&self) -> String {
        self.address.to_string()
    }

    pub(crate) fn target(&self) -> Target {
        Target {
            id: self.id(),
            label: "web.0".to_owned(),
            address: self.address,
        }
    }

    /// One that answers with a function.
    pub(crate) async fn start<F>(answer: F) -> Self
    where
        F: Fn(Request<Incoming>) -> Answering + Clone + Send + Sync + 'static,
    {
        Self::accept(move |stream| {
            let answer = answer.clone();
            let service = service_fn(move |request| {
                let response = answer(request);
                async { Ok::<_, Infallible>(response.await) }
            });
            async move {
                let connection =
                    http1::Builder::new().serve_connection(TokioIo::new(stream), service);
                let _ = connection.with_upgrades().await;
            }
        })
        .await
    }

    /// One that always says the same.
    pub(crate) async fn saying(text: &'static str) -> Self {
        Self::start(move |_| Box::pin(async move { Response::new(whole(text)) })).await
    }

    /// One that does something with each connection.
    pub(crate) async fn accept<F>(work: impl Fn(TcpStream) -> F + Send + 'static) -> Self
    where
        F: Future<Output = ()> + Send + 'static,
    {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let mut accepting = JoinSet::new();
        accepting.spawn(async move {
            let mut connections = JoinSet::new();
            while let Ok((stream, _)) = listener.accept().await {
                connections.spawn(work(stream));
            }
        });
        Self {
            address,
            _accepting: accepting,
        }
    }

    /// An address where nobody listens.
    pub(crate) async fn absent() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        Self {
            address: listener.local_addr().unwrap(),
            _accepting: JoinSet::new(),
        }
    }
}

pub(crate) fn whole(text: impl Into<Bytes>) -> Body {
    Full::new(text.into()).boxed()
}
