//! Asking other services over plain HTTP: one GET each, all at once, in two seconds.

use std::io::{self, Read, Write};
use std::net::{TcpStream, ToSocketAddrs};
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use serde::Serialize;

use crate::http::{DEPTH_HEADER, MAX_HEADERS};
use crate::slots::Slots;

/// How long a call may take in all, finding the address included.
const TIMEOUT: Duration = Duration::from_secs(2);

/// How deep services may call each other: rings of them must not call for ever.
const MAX_DEPTH: u8 = 3;

/// The longest head of an answer that is read, bytes.
const MAX_HEAD: usize = 16 * 1024;

/// The most that is read of an answer, bytes.
const MAX_ANSWER: u64 = 64 * 1024;

/// Where a call goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Target {
    url: String,
    authority: String,
    host: String,
    port: u16,
    path: String,
}

impl Target {
    /// Takes an `http://host[:port][/path]` address apart.
    pub(crate) fn parse(url: &str) -> Option<Self> {
        let rest = url.strip_prefix("http://")?;
        let plain = rest.bytes().all(|byte| byte.is_ascii_graphic());
        let (authority, path) = match rest.find('/') {
            Some(at) => rest.split_at(at),
            None => (rest, "/"),
        };
        let (host, port) = match authority.rsplit_once(':') {
            Some((host, port)) => (host, port.parse().ok()?),
            None => (authority, 80),
        };
        let clean = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_');
        (plain && !host.is_empty() && host.chars().all(clean)).then(|| Self {
            url: url.to_owned(),
            authority: authority.to_owned(),
            host: host.to_owned(),
            port,
            path: path.to_owned(),
        })
    }
}

/// How one call went.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Outcome {
    url: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    status: Option<u16>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<String>,
    ms: u128,
}

/// Calls every target at once and answers in their order. `depth` is that of the request served.
pub(crate) fn call_all(targets: &[Target], depth: u8, slots: &Slots) -> Vec<Outcome> {
    if depth >= MAX_DEPTH {
        return Vec::new();
    }
    let started = Instant::now();
    let waiting: Vec<_> = targets
        .iter()
        .map(|target| begin(target, depth, slots))
        .collect();
    targets
        .iter()
        .zip(waiting)
        .map(|(target, waiting)| {
            let result = waiting.and_then(|answer| {
                let left = TIMEOUT.saturating_sub(started.elapsed());
                answer
                    .recv_timeout(left)
                    .unwrap_or_else(|_| Err("no answer in 2 s".to_owned()))
            });
            let ms = started.elapsed().as_millis();
            outcome(target, result, ms)
        })
        .collect()
}

type Answer = Result<(u16, Duration), String>;

/// Starts the call in its own thread, since finding an address cannot be interrupted.
fn begin(target: &Target, depth: u8, slots: &Slots) -> Result<mpsc::Receiver<Answer>, String> {
    let slot = slots
        .take()
        .ok_or_else(|| "not called: too many calls at once".to_owned())?;
    let (send, receive) = mpsc::channel();
    let target = target.clone();
    thread::Builder::new()
        .name("call".into())
        .spawn(move || {
            let started = Instant::now();
            let answer = get(&target, depth + 1, started + TIMEOUT)
                .map(|status| (status, started.elapsed()))
                .map_err(|error| error.to_string());
            let _ = send.send(answer);
            drop(slot);
        })
        .map_err(|error| format!("not called: {error}"))?;
    Ok(receive)
}

fn outcome(target: &Target, answer: Answer, elapsed_ms: u128) -> Outcome {
    let url = target.url.clone();
    match answer {
        Ok((status, took)) => Outcome {
            url,
            status: Some(status),
            error: None,
            ms: took.as_millis(),
        },
        Err(error) => Outcome {
            url,
            status: None,
            error: Some(error),
            ms: elapsed_ms,
        },
    }
}

/// One GET; gives the status of the answer.
fn get(target: &Target, depth: u8, deadline: Instant) -> io::Result<u16> {
    let mut stream = connect(target, deadline)?;
    stream.set_write_timeout(Some(left(deadline)?))?;
    write!(
        stream,
        "GET {} HTTP/1.1\r\nHost: {}\r\n{DEPTH_HEADER}: {depth}\r\nConnection: close\r\n\r\n",
        target.path, target.authority
    )?;
    let mut head = Vec::new();
    let mut chunk = [0; 4096];
    let status = loop {
        stream.set_read_timeout(Some(left(deadline)?))?;
        let length = stream.read(&mut chunk)?;
        head.extend_from_slice(&chunk[..length]);
        if let Some(status) = status_of(&head)? {
            break status;
        }
        if length == 0 || head.len() > MAX_HEAD {
            return Err(io::Error::other("the answer is no HTTP"));
        }
    };
    // What follows is read so that the other side can end the connection in peace.
    stream.set_read_timeout(Some(left(deadline)?))?;
    let _ = io::copy(&mut stream.take(MAX_ANSWER), &mut io::sink());
    Ok(status)
}

fn connect(target: &Target, deadline: Instant) -> io::Result<TcpStream> {
    let mut last = io::Error::other("the name has no address");
    for address in (target.host.as_str(), target.port).to_socket_addrs()? {
        match TcpStream::connect_timeout(&address, left(deadline)?) {
            Ok(stream) => return Ok(stream),
            Err(error) => last = error,
        }
    }
    Err(last)
}

/// What is left until the deadline, an error when that is nothing.
fn left(deadline: Instant) -> io::Result<Duration> {
    deadline
        .checked_duration_since(Instant::now())
        .filter(|left| !left.is_zero())
        .ok_or_else(|| io::ErrorKind::TimedOut.into())
}

/// The status of an answer whose head is complete.
fn status_of(head: &[u8]) -> io::Result<Option<u16>> {
    let mut fields = [httparse::EMPTY_HEADER; MAX_HEADERS];
    let mut response = httparse::Response::new(&mut fields);
    match response.parse(head) {
        Ok(httparse::Status::Complete(_)) => Ok(response.code),
        Ok(httparse::Status::Partial) => Ok(None),
        Err(error) => Err(io::Error::other(error.to_string())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_taken_apart() {
        let target = Target::parse("http://cart:8080/a?b=c").unwrap();
        assert_eq!((target.host.as_str(), target.port), ("cart", 8080));
        assert_eq!(target.path, "/a?b=c");
        let short = Target::parse("http://cart").unwrap();
        assert_eq!((short.port, short.path.as_str()), (80, "/"));
    }

    #[test]
    fn what_is_no_plain_http_address_is_not_taken() {
        for url in [
            "https://a/",
            "http://",
            "http://:80/",
            "http://a:b/",
            "http://u@a/",
            "a",
        ] {
            assert_eq!(Target::parse(url), None, "{url}");
        }
        assert_eq!(Target::parse("http://a/ HTTP/1.1\r\nX: y"), None);
    }

    #[test]
    fn a_deep_chain_of_calls_ends() {
        let target = Target::parse("http://127.0.0.1:9/").unwrap();
        assert_eq!(call_all(&[target], MAX_DEPTH, &Slots::new(1)), []);
    }

    #[test]
    fn without_a_slot_nothing_is_called() {
        let target = Target::parse("http://127.0.0.1:9/").unwrap();
        let outcomes = call_all(&[target], 0, &Slots::new(0));
        let error = outcomes[0].error.as_deref();
        assert_eq!(error, Some("not called: too many calls at once"));
    }
}
