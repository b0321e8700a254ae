//! Plain requests to a platform that runs as a process, and where it says it is.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::Child;
use std::time::Duration;

/// How long nothing of an answer may come.
const SILENCE: Duration = Duration::from_secs(90);

/// Where console and ingress are, as soon as the platform says so.
pub(crate) fn greeted(child: &mut Child) -> (String, String) {
    let mut out = BufReader::new(child.stdout.take().unwrap());
    let mut words = String::new();
    while !words.ends_with("\n\n") {
        assert_ne!(out.read_line(&mut words).unwrap(), 0, "it ended: {words}");
    }
    let address = |word| {
        let line = words.lines().find(|line| line.starts_with(word)).unwrap();
        let (_, address) = line.split_once("http://").unwrap();
        address.trim_end_matches('/').to_owned()
    };
    (address("Console"), address("Ingress"))
}

/// One request on a connection of its own.
pub(crate) fn request(
    address: &str,
    method: &str,
    path: &str,
    host: &str,
    head: &str,
    body: &str,
) -> std::io::Result<(u16, String)> {
    let mut stream = TcpStream::connect(address)?;
    stream.set_read_timeout(Some(SILENCE))?;
    let length = body.len();
    write!(
        stream,
        "{method} {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n{head}Content-Length: {length}\r\n\r\n{body}"
    )?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    let status = answer
        .split(' ')
        .nth(1)
        .and_then(|status| status.parse().ok());
    let body = answer
        .split_once("\r\n\r\n")
        .map(|(_, body)| body.to_owned());
    status
        .zip(body)
        .ok_or_else(|| std::io::ErrorKind::UnexpectedEof.into())
}
