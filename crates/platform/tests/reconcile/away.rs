//! The engine goes away for a while: traffic goes on, and what is right is left alone.

use std::io::{self, ErrorKind, Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::bench::{Bench, request, text};
use crate::containers::sample;

/// As long as a task of a service that is at work never waits before it asks the engine again.
const QUIET: Duration = Duration::from_secs(2);

/// A way to the engine that can be cut, or held up.
pub(crate) struct Way {
    pub(crate) address: String,
    is_cut: Arc<AtomicBool>,
    open: Arc<Mutex<Vec<TcpStream>>>,
    traffic: Arc<Traffic>,
}

/// What goes over a way.
struct Traffic {
    /// When the engine was asked something last.
    asked: Mutex<Instant>,
    /// Whether its answers do not arrive.
    is_held: Mutex<bool>,
    let_go: Condvar,
}

impl Way {
    /// To the engine of the tests.
    pub(crate) fn to_engine() -> Self {
        let socket = socket().unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let way = Self {
            address: format!("tcp://{}", listener.local_addr().unwrap()),
            is_cut: Arc::default(),
            open: Arc::default(),
            traffic: Arc::new(Traffic {
                asked: Mutex::new(Instant::now()),
                is_held: Mutex::new(false),
                let_go: Condvar::new(),
            }),
        };
        let (is_cut, open) = (Arc::clone(&way.is_cut), Arc::clone(&way.open));
        let traffic = Arc::clone(&way.traffic);
        // Ends with the process.
        thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                if is_cut.load(Ordering::SeqCst) {
                    continue;
                }
                open.lock().unwrap().push(stream.try_clone().unwrap());
                // An engine that ends first is no reason to stop.
                let _ = join(stream, &socket, Arc::clone(&traffic));
            }
        });
        way
    }

    pub(crate) fn cut(&self) {
        self.is_cut.store(true, Ordering::SeqCst);
        for stream in self.open.lock().unwrap().drain(..) {
            let _ = stream.shutdown(Shutdown::Both);
        }
    }

    pub(crate) fn mend(&self) {
        self.is_cut.store(false, Ordering::SeqCst);
    }

    /// Lets no answer arrive any more, or all of them again: an engine that hangs.
    fn hold(&self, is_held: bool) {
        *self.traffic.is_held.lock().unwrap() = is_held;
        self.traffic.let_go.notify_all();
    }

    /// Waits until nobody asks the engine anything for a while: no service's task is at work, and the
    /// next that asks is the look at everything.
    fn rests(&self) {
        let deadline = Instant::now() + Duration::from_secs(60);
        while self.traffic.asked.lock().unwrap().elapsed() < QUIET {
            assert!(Instant::now() < deadline, "the engine is asked on and on");
            thread::sleep(Duration::from_millis(20));
        }
    }
}

/// A Podman's API beside that of the tests, for the same containers: one that can be killed.
pub(crate) struct Service {
    folder: TempDir,
    child: Child,
}

impl Service {
    /// `None`: the engine of the tests is not Podman.
    pub(crate) fn start() -> Option<Self> {
        let host = std::env::var("DOCKER_HOST").ok()?;
        if !host.ends_with("podman.sock") {
            return None;
        }
        let folder = TempDir::new().unwrap();
        let child = Self::serve(&folder);
        Some(Self { folder, child })
    }

    pub(crate) fn address(&self) -> String {
        format!("unix://{}", socket_in(&self.folder).display())
    }

    /// Ends it as a failure would, without a word.
    pub(crate) fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
        std::fs::remove_file(socket_in(&self.folder)).unwrap();
    }

    pub(crate) fn start_again(&mut self) {
        self.child = Self::serve(&self.folder);
    }

    fn serve(folder: &TempDir) -> Child {
        let path = socket_in(folder);
        let mut command = Command::new("podman");
        command.args(["system", "service", "--time=0"]);
        command.arg(format!("unix://{}", path.display()));
        // A Podman of the tests alone has its settings beside its socket.
        let of_tests = socket().unwrap();
        let settings = Path::new(&of_tests).parent().unwrap();
        for (name, file) in [
            ("CONTAINERS_CONF", "containers.conf"),
            ("CONTAINERS_STORAGE_CONF", "storage.conf"),
            ("CONTAINERS_REGISTRIES_CONF", "registries.conf"),
        ] {
            if settings.join(file).exists() {
                command.env(name, settings.join(file));
            }
        }
        let child = command.stderr(Stdio::null()).spawn().unwrap();
        let deadline = Instant::now() + Duration::from_secs(30);
        while UnixStream::connect(&path).is_err() {
            assert!(Instant::now() < deadline, "Podman does not answer");
            thread::sleep(Duration::from_millis(50));
        }
        child
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        // Fails where it was killed already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn socket_in(folder: &TempDir) -> PathBuf {
    folder.path().join("podman.sock")
}

/// Passes bytes both ways until either side ends.
fn join(client: TcpStream, socket: &str, traffic: Arc<Traffic>) -> io::Result<()> {
    let engine = UnixStream::connect(socket)?;
    let (mut from_client, mut to_engine) = (client.try_clone()?, engine.try_clone()?);
    let asking = Arc::clone(&traffic);
    thread::spawn(move || {
        let _ = pass(&mut from_client, &mut to_engine, || {
            *asking.asked.lock().unwrap() = Instant::now();
        });
        let _ = to_engine.shutdown(Shutdown::Both);
    });
    let (mut from_engine, mut to_client) = (engine, client);
    thread::spawn(move || {
        let _ = pass(&mut from_engine, &mut to_client, || {
            let held = traffic.is_held.lock().unwrap();
            drop(traffic.let_go.wait_while(held, |is_held| *is_held).unwrap());
        });
        let _ = to_client.shutdown(Shutdown::Both);
    });
    Ok(())
}

/// Passes bytes on until the end, with something before each part.
fn pass(from: &mut impl Read, to: &mut impl Write, before: impl Fn()) -> io::Result<()> {
    let mut part = [0; 16 * 1024];
    loop {
        let length = from.read(&mut part)?;
        if length == 0 {
            return Ok(());
        }
        before();
        to.write_all(&part[..length])?;
    }
}

/// The engine's socket, where it is a socket.
fn socket() -> io::Result<String> {
    let host =
        std::env::var("DOCKER_HOST").unwrap_or_else(|_| "unix:///var/run/docker.sock".into());
    let socket = host.strip_prefix("unix://");
    socket
        .map(str::to_owned)
        .ok_or_else(|| ErrorKind::Unsupported.into())
}

#[test]
fn traffic_goes_on_without_the_engine() {
    let way = Way::to_engine();
    let mut bench = Bench::containers(Some(way.address.clone()));
    bench.create(&sample(2));
    let before = bench.wait_running(2);
    way.cut();
    let away = bench.wait("the words", |status| status["state"] == "degraded");
    let message = text(&away["message"]);
    assert!(
        message.contains("the container engine does not answer"),
        "{message}"
    );
    for _ in 0..10 {
        let answer = request(&bench.ingress, "GET", "/", "web.localhost", "", "").unwrap();
        assert_eq!(answer.0, 200);
    }
    way.mend();
    let after = bench.wait_running(2);
    for index in 0..2 {
        assert_eq!(
            before["instances"][index]["id"],
            after["instances"][index]["id"]
        );
    }
}

#[test]
fn an_engine_that_goes_away_again_at_once_is_noticed() {
    let way = Way::to_engine();
    let mut bench = Bench::containers(Some(way.address.clone()));
    bench.create(&sample(1));
    bench.wait_running(1);
    // Then it is the look at everything that finds the engine away.
    way.rests();
    way.cut();
    bench.wait("the words", |status| status["state"] == "degraded");
    // The service's own next attempt finds it, before the next look at everything does.
    way.mend();
    bench.wait_running(1);
    way.cut();
    bench.wait("the words again", |status| status["state"] == "degraded");
    way.mend();
    bench.wait_running(1);
}

#[test]
fn an_engine_that_hangs_is_told_of_soon() {
    let way = Way::to_engine();
    let mut bench = Bench::containers(Some(way.address.clone()));
    bench.create(&sample(2));
    let before = bench.wait_running(2);
    way.rests();
    way.hold(true);
    let begun = Instant::now();
    let away = bench.wait("the words", |status| status["state"] == "degraded");
    let message = text(&away["message"]);
    assert!(message.contains("no answer within"), "{message}");
    // The look at everything, every 5 s, waits 10 s, and the service's own look as long.
    let told = begun.elapsed();
    assert!(told < Duration::from_secs(40), "{told:?}");
    let (status, meta) = bench.call("GET", "/meta", &Value::Null);
    assert_eq!((status, &meta["engine"]["available"]), (200, &json!(false)));
    for _ in 0..10 {
        let answer = request(&bench.ingress, "GET", "/", "web.localhost", "", "").unwrap();
        assert_eq!(answer.0, 200);
    }
    way.hold(false);
    let after = bench.wait_running(2);
    for index in 0..2 {
        assert_eq!(
            before["instances"][index]["id"],
            after["instances"][index]["id"]
        );
    }
}
