//! Lines of an engine whose clock is set, as Docker gives them and as Podman does: each is stored once.

use std::convert::Infallible;
use std::fmt::Write;

use bytes::Bytes;
use futures_util::stream;
use http::{Request, Response};
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt, Full, StreamBody};
use hyper::body::{Frame, Incoming};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use pilothouse_wire::logs::LogQuery;
use pilothouse_wire::quantity::LogLimit;
use pilothouse_wire::window::Window;
use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinSet;

use super::*;
use crate::engine::connect_to;
use crate::logs::Retention;

const PATIENCE: Duration = Duration::from_secs(30);

/// What the one container of the engine has written.
#[derive(Clone, Debug, Default)]
struct Written {
    /// The second of each line, and its text.
    lines: Vec<(i64, String)>,
    /// Which of them the engine leaves out while it follows.
    left_out: std::ops::Range<usize>,
    has_ended: bool,
}

/// How an engine understands the instant that it is asked from.
#[derive(Clone, Copy, PartialEq)]
enum Since {
    /// As Docker: it leaves lines out until the first that is not older.
    Begins,
    /// As Podman: it leaves every older line out.
    Filters,
}

struct Bench {
    written: watch::Sender<Written>,
    source: Source,
    _folder: TempDir,
    _engine: JoinSet<()>,
}

impl Bench {
    async fn open(since: Since) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let written = watch::Sender::new(Written::default());
        let mut engine = JoinSet::new();
        let answers = written.clone();
        engine.spawn(async move {
            let mut talks = JoinSet::new();
            while let Ok((stream, _)) = listener.accept().await {
                let written = answers.clone();
                let service = service_fn(move |request| {
                    let answer = answer(&request, &written, since);
                    async { Ok::<_, Infallible>(answer) }
                });
                let talk = http1::Builder::new().serve_connection(TokioIo::new(stream), service);
                talks.spawn(async {
                    let _ = talk.await;
                });
            }
        });
        let folder = TempDir::new().unwrap();
        let source = Source {
            engine: connect_to(&format!("tcp://{address}"), "test")
                .await
                .unwrap(),
            logs: LogStore::open(folder.path(), Retention::default()).unwrap(),
            instance: instance(),
            came: Arc::default(),
            wake: Arc::default(),
        };
        Self {
            written,
            source,
            _folder: folder,
            _engine: engine,
        }
    }

    /// The container writes numbered lines, at a second of its engine's clock.
    fn write(&self, second: i64, numbers: std::ops::Range<u32>) {
        self.written.send_modify(|written| {
            let lines = numbers.map(|number| (second, format!("line {number:04}")));
            written.lines.extend(lines);
        });
    }

    /// The engine leaves these lines out of what it gives while it follows.
    fn leave_out(&self, lines: std::ops::Range<usize>) {
        self.written.send_modify(|written| written.left_out = lines);
    }

    fn follow(&self) -> AbortOnDropHandle<()> {
        AbortOnDropHandle::new(tokio::spawn(self.source.clone().store()))
    }

    /// Waits until this line is stored.
    async fn has(&self, number: u32) {
        let text = format!("line {number:04}");
        let wait = async {
            while !self.stored().await.contains(&text) {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        timeout(PATIENCE, wait).await.unwrap();
    }

    /// All that is stored, whatever its instant.
    async fn stored(&self) -> Vec<String> {
        let query = LogQuery {
            window: Window {
                end: Some(Utc::now() + chrono::TimeDelta::days(1)),
                ..Window::default()
            },
            limit: Some(LogLimit::new(10_000).unwrap()),
            ..LogQuery::default()
        };
        let logs = self.source.logs.read("service", query).await.unwrap();
        let lines = logs.lines.iter();
        let mut stored: Vec<_> = lines.map(|line| line.message.clone()).collect();
        stored.sort();
        stored
    }

    async fn each_is_stored_once(&self, count: u32) {
        let all: Vec<_> = (0..count)
            .map(|number| format!("line {number:04}"))
            .collect();
        let stored = self.stored().await;
        let odd = stored
            .iter()
            .zip(&all)
            .position(|(stored, text)| stored != text);
        assert_eq!((stored.len(), odd), (all.len(), None), "{stored:?}");
    }
}

fn instance() -> EngineInstance {
    EngineInstance::running("service", "container")
}

type Answer = Response<UnsyncBoxBody<Bytes, Infallible>>;

fn answer(request: &Request<Incoming>, written: &watch::Sender<Written>, since: Since) -> Answer {
    let (path, query) = (
        request.uri().path(),
        request.uri().query().unwrap_or_default(),
    );
    let json = |text: String| Response::new(Full::new(Bytes::from(text)).boxed_unsync());
    if path.ends_with("/version") {
        let name = match since {
            Since::Begins => "Engine",
            Since::Filters => "Podman Engine",
        };
        let components = format!(r#"[{{"Name": "{name}", "Version": "4.3.1"}}]"#);
        return json(format!(
            r#"{{"ApiVersion": "1.43", "Components": {components}}}"#
        ));
    }
    if path.ends_with("/containers/container/json") {
        let running = !written.borrow().has_ended;
        return json(format!(r#"{{"State": {{"Running": {running}}}}}"#));
    }
    if !path.ends_with("/logs") {
        return json("OK".to_owned());
    }
    let value = |name: &str| {
        let mut pairs = form_urlencoded::parse(query.as_bytes());
        let (_, value) = pairs.find(|(key, _)| key == name).unwrap();
        value.into_owned()
    };
    let (asked, follows): (i64, bool) =
        (value("since").parse().unwrap(), value("follow") == "true");
    let lines = stream::unfold(
        (written.subscribe(), 0, false),
        move |(mut seen, mut at, mut begun)| async move {
            loop {
                let (next, is_given, has_ended) = {
                    let written = seen.borrow_and_update();
                    let is_given = !follows || !written.left_out.contains(&at);
                    (written.lines.get(at).cloned(), is_given, written.has_ended)
                };
                match next {
                    Some(_) if !is_given => at += 1,
                    Some((second, text)) => {
                        at += 1;
                        if second >= asked || (begun && since == Since::Begins) {
                            begun = true;
                            return Some((
                                Ok(Frame::data(frame(second, &text))),
                                (seen, at, begun),
                            ));
                        }
                    }
                    None if has_ended || !follows => return None,
                    None => seen.changed().await.ok()?,
                }
            }
        },
    );
    Response::new(BodyExt::boxed_unsync(StreamBody::new(lines)))
}

/// A line as an engine sends it.
fn frame(second: i64, text: &str) -> Bytes {
    let at = chrono::DateTime::from_timestamp(second, 0).unwrap();
    let mut line = String::new();
    writeln!(
        line,
        "{} {text}",
        at.to_rfc3339_opts(chrono::SecondsFormat::Nanos, true)
    )
    .unwrap();
    let mut bytes = vec![1, 0, 0, 0];
    bytes.extend(u32::try_from(line.len()).unwrap().to_be_bytes());
    bytes.extend(line.into_bytes());
    bytes.into()
}

#[tokio::test]
async fn lines_are_taken_up_where_they_were_left() {
    for since in [Since::Begins, Since::Filters] {
        let bench = Bench::open(since).await;
        let now = Utc::now().timestamp();
        bench.write(now - 10, 0..5);
        bench.write(now - 9, 5..8);
        let follows = bench.follow();
        bench.has(7).await;
        drop(follows);
        bench.write(now - 9, 8..10);
        bench.write(now - 8, 10..12);
        let _follows = bench.follow();
        bench.has(11).await;
        bench.each_is_stored_once(12).await;
    }
}

#[tokio::test]
async fn a_clock_that_was_set_back_costs_no_line_and_doubles_none() {
    for since in [Since::Begins, Since::Filters] {
        let bench = Bench::open(since).await;
        let now = Utc::now().timestamp();
        for second in 0..5 {
            let number = second * 10;
            bench.write(now - 500 + i64::from(second), number..number + 10);
        }
        let follows = bench.follow();
        bench.has(49).await;
        // The same seconds again, and some before them.
        bench.write(now - 600, 50..60);
        bench.write(now - 499, 60..70);
        bench.has(69).await;
        drop(follows);
        bench.write(now - 499, 70..75);
        bench.write(now - 498, 75..80);
        let follows = bench.follow();
        bench.has(79).await;
        bench.each_is_stored_once(80).await;
        // It has caught up.
        bench.write(now - 400, 80..90);
        bench.has(89).await;
        drop(follows);
        bench.write(now - 400, 90..95);
        let follows = bench.follow();
        bench.has(94).await;
        bench.each_is_stored_once(95).await;
        // And once more, just before its end: who leaves older lines out gives none of these until the
        // platform's own clock, which no test sets, shows that it is asked for what is still to come.
        if since == Since::Filters {
            continue;
        }
        bench.write(now - 450, 95..100);
        bench
            .written
            .send_modify(|written| written.has_ended = true);
        timeout(PATIENCE, follows).await.unwrap().unwrap();
        bench.each_is_stored_once(100).await;
    }
}

#[tokio::test]
async fn a_clock_that_was_set_back_while_nobody_looked_costs_no_line() {
    for since in [Since::Begins, Since::Filters] {
        for ahead in [5, 3_600] {
            let bench = Bench::open(since).await;
            let now = Utc::now().timestamp();
            bench.write(now + ahead, 0..10);
            let follows = bench.follow();
            bench.has(9).await;
            drop(follows);
            bench.write(now, 10..20);
            let _follows = bench.follow();
            bench.has(19).await;
            bench.each_is_stored_once(20).await;
        }
    }
}

#[tokio::test]
async fn what_the_engine_leaves_out_while_it_follows_is_taken() {
    let bench = Bench::open(Since::Filters).await;
    let now = Utc::now().timestamp();
    bench.leave_out(20..23);
    bench.write(now - 9, 0..10);
    let follows = bench.follow();
    bench.has(9).await;
    bench.write(now - 8, 10..9_000);
    bench.has(8_999).await;
    for number in 20..23 {
        bench.has(number).await;
    }
    bench.each_is_stored_once(9_000).await;
    bench
        .written
        .send_modify(|written| written.has_ended = true);
    timeout(PATIENCE, follows).await.unwrap().unwrap();
    bench.each_is_stored_once(9_000).await;
}

#[tokio::test]
async fn what_the_engine_left_out_before_a_stream_broke_is_taken_with_the_next() {
    let bench = Bench::open(Since::Filters).await;
    let now = Utc::now().timestamp();
    bench.leave_out(4..6);
    bench.write(now - 10, 0..5);
    bench.write(now - 9, 5..10);
    let follows = bench.follow();
    bench.has(9).await;
    drop(follows);
    bench.leave_out(0..0);
    bench.write(now - 9, 10..12);
    let _follows = bench.follow();
    bench.has(11).await;
    bench.each_is_stored_once(12).await;
}

#[tokio::test]
async fn the_last_line_before_a_silence_is_taken() {
    let bench = Bench::open(Since::Filters).await;
    bench.leave_out(4..5);
    bench.write(Utc::now().timestamp() - 9, 0..5);
    let _follows = bench.follow();
    bench.has(4).await;
    bench.each_is_stored_once(5).await;
}
