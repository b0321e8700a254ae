//! Instances that come and go while visitors ask, and the end of ingress itself.

use std::sync::Arc;
use std::time::Duration;

use http::{Request, Response};
use http_body_util::{BodyExt, Empty};
use hyper::body::{Bytes, Incoming};
use hyper_util::client::legacy::Client;
use hyper_util::rt::TokioExecutor;
use pilothouse::ingress::drained;
use tokio::sync::{Notify, oneshot};
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

use crate::bench::{Bench, HOST, Instance, PATIENCE, whole};

const VISITORS: usize = 16;
const SWAPS: usize = 20;

/// Asks again and again until told to stop: how many answers came, all of them good.
async fn visit(bench: Arc<Bench>, stop: CancellationToken) -> usize {
    let client = Client::builder(TokioExecutor::new()).build_http::<Empty<Bytes>>();
    let mut good = 0;
    while !stop.is_cancelled() {
        let request = Request::get(format!("http://{}/", bench.address)).header("host", HOST);
        let asked = client.request(request.body(Empty::new()).unwrap());
        let answered = async {
            let answer = asked.await.unwrap();
            let status = answer.status();
            let body = answer.into_body().collect().await.unwrap();
            assert_eq!(status, 200, "after {good}: {body:?}");
        };
        timeout(PATIENCE, answered).await.unwrap();
        good += 1;
    }
    good
}

async fn working() -> Instance {
    Instance::start(|_| {
        Box::pin(async {
            // Long enough that a swap always meets requests on their way.
            tokio::time::sleep(Duration::from_millis(5)).await;
            Response::new(whole(vec![b'x'; 10_000]))
        })
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn no_visitor_notices_that_instances_are_replaced() {
    let bench = Arc::new(Bench::open().await);
    let mut current = [working().await, working().await];
    bench.route(&[&current[0], &current[1]]);
    let stop = CancellationToken::new();
    let visitors: Vec<_> = (0..VISITORS)
        .map(|_| tokio::spawn(visit(Arc::clone(&bench), stop.clone())))
        .collect();
    for swap in 0..SWAPS {
        let fresh = working().await;
        bench.route(&[&current[0], &current[1], &fresh]);
        let old = std::mem::replace(&mut current[swap % 2], fresh);
        // Only one that has had its visitors shows that they are waited for.
        let backend = bench.busy(&old, 1).await;
        bench.route(&[&current[0], &current[1]]);
        assert!(drained(&backend, PATIENCE).await);
        drop(old);
    }
    stop.cancel();
    let mut good = 0;
    for visitor in visitors {
        good += visitor.await.unwrap();
    }
    assert!(good >= SWAPS, "only {good} answers");
}

/// An instance that answers when it is told to, and says when it was asked.
async fn waiting() -> (Instance, Arc<Notify>, oneshot::Receiver<()>) {
    let go = Arc::new(Notify::new());
    let (asked, was_asked) = oneshot::channel();
    let asked = Arc::new(std::sync::Mutex::new(Some(asked)));
    let wait = Arc::clone(&go);
    let instance = Instance::start(move |_: Request<Incoming>| {
        let (wait, asked) = (Arc::clone(&wait), asked.lock().unwrap().take());
        Box::pin(async move {
            asked.unwrap().send(()).unwrap();
            wait.notified().await;
            Response::new(whole("done"))
        })
    })
    .await;
    (instance, go, was_asked)
}

#[tokio::test]
async fn an_instance_that_goes_may_finish() {
    let (bench, (instance, go, asked)) = (Arc::new(Bench::open().await), waiting().await);
    bench.route(&[&instance]);
    let visitor = tokio::spawn({
        let bench = Arc::clone(&bench);
        async move { bench.get("/").await }
    });
    asked.await.unwrap();
    let backend = bench.ingress.backend("shop", &instance.id()).unwrap();
    bench.route(&[]);
    assert_eq!(backend.in_flight(), 1);
    assert!(!drained(&backend, Duration::from_millis(50)).await);
    assert_eq!(bench.get("/").await.0, 503);
    go.notify_one();
    assert!(drained(&backend, PATIENCE).await);
    assert_eq!(visitor.await.unwrap(), (200, "done".to_owned()));
}

#[tokio::test]
async fn a_visitor_who_leaves_is_waited_for_no_longer() {
    let (bench, (instance, _go, asked)) = (Arc::new(Bench::open().await), waiting().await);
    bench.route(&[&instance]);
    let visitor = tokio::spawn({
        let bench = Arc::clone(&bench);
        async move { bench.get("/").await }
    });
    asked.await.unwrap();
    let backend = bench.ingress.backend("shop", &instance.id()).unwrap();
    bench.route(&[]);
    visitor.abort();
    assert!(drained(&backend, PATIENCE).await);
}

#[tokio::test]
async fn the_last_requests_are_answered_at_the_end() {
    let (bench, (instance, go, asked)) = (Bench::open().await, waiting().await);
    bench.route(&[&instance]);
    let Bench {
        address,
        stop,
        serving,
        ..
    } = bench;
    let client = Client::builder(TokioExecutor::new()).build_http();
    let request = Request::get(format!("http://{address}/")).header("host", HOST);
    let visitor = tokio::spawn(client.request(request.body(Empty::<Bytes>::new()).unwrap()));
    asked.await.unwrap();
    stop.cancel();
    go.notify_one();
    assert!(visitor.await.unwrap().unwrap().status().is_success());
    timeout(PATIENCE, serving).await.unwrap().unwrap();
    assert!(tokio::net::TcpStream::connect(address).await.is_err());
}
