//! The engine goes away for a while: traffic goes on, and what is right is left alone.

use std::io::{self, ErrorKind};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::os::unix::net::UnixStream;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;

use crate::bench::{Bench, request, text};
use crate::containers::sample;

/// A way to the engine that can be cut.
pub(crate) struct Way {
    pub(crate) address: String,
    is_cut: Arc<AtomicBool>,
    open: Arc<Mutex<Vec<TcpStream>>>,
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
        };
        let (is_cut, open) = (Arc::clone(&way.is_cut), Arc::clone(&way.open));
        // Ends with the process.
        thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                if is_cut.load(Ordering::SeqCst) {
                    continue;
                }
                open.lock().unwrap().push(stream.try_clone().unwrap());
                // An engine that ends first is no reason to stop.
                let _ = join(stream, &socket);
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
}

/// Passes bytes both ways until either side ends.
fn join(client: TcpStream, socket: &str) -> io::Result<()> {
    let engine = UnixStream::connect(socket)?;
    let (mut from_client, mut to_engine) = (client.try_clone()?, engine.try_clone()?);
    thread::spawn(move || {
        let _ = io::copy(&mut from_client, &mut to_engine);
        let _ = to_engine.shutdown(Shutdown::Both);
    });
    let (mut from_engine, mut to_client) = (engine, client);
    thread::spawn(move || {
        let _ = io::copy(&mut from_engine, &mut to_client);
        let _ = to_client.shutdown(Shutdown::Both);
    });
    Ok(())
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
