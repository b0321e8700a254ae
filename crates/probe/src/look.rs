//! One look at a service: what it is asked, and whether the answer is one of a service that is well.

use std::io::{ErrorKind, Read, Write};
use std::net::{IpAddr, Ipv4Addr, SocketAddr, TcpStream, UdpSocket};
use std::time::{Duration, Instant};

/// How long one look may take.
const TIMEOUT: Duration = Duration::from_secs(5);
/// How long a connection must stay open where that is all that is asked.
const OPEN: Duration = Duration::from_millis(200);
/// `HTTP/1.1 200`: the part of an answer that is read.
const STATUS: usize = 12;

/// What a service is asked.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Check {
    port: u16,
    /// Without one it must accept connections, no more.
    path: Option<String>,
    /// The `Host` header; the address where none is told.
    host: Option<String>,
}

impl Check {
    /// Reads it from the command line.
    pub(crate) fn parse(arguments: &[String]) -> Result<Self, String> {
        let [port, rest @ ..] = arguments else {
            return Err("usage: pilothouse-probe PORT [PATH [HOST]]".to_owned());
        };
        let port = port.parse();
        Ok(Self {
            port: port.map_err(|_| format!("{} is no port", arguments[0]))?,
            path: rest.first().cloned(),
            host: rest.get(1).cloned(),
        })
    }

    /// Looks once. `Err` says why the service is not well.
    pub(crate) fn look(&self) -> Result<(), String> {
        let end = Instant::now() + TIMEOUT;
        let address = SocketAddr::new(own_address(), self.port);
        let Some(path) = &self.path else {
            return listens(address);
        };
        let status = status(address, path, self.host.as_deref(), end)?;
        match status {
            200..300 => Ok(()),
            status => Err(format!("GET {path} answered {status}")),
        }
    }
}

/// The address by which this container is reached: a service that listens on the loopback address alone
/// answers nobody. Nothing is sent to find it out.
fn own_address() -> IpAddr {
    let known = || {
        let socket = UdpSocket::bind((Ipv4Addr::UNSPECIFIED, 0))?;
        // A network for documentation (RFC 5737): its way leads by the default route.
        socket.connect((Ipv4Addr::new(192, 0, 2, 1), 9))?;
        socket.local_addr()
    };
    known().map_or(Ipv4Addr::LOCALHOST.into(), |address| address.ip())
}

fn connect(address: SocketAddr) -> Result<TcpStream, String> {
    let connected = TcpStream::connect_timeout(&address, TIMEOUT);
    connected.map_err(|_| format!("port {} does not accept connections", address.port()))
}

/// One that stays open for a moment, or sends something, is a service's.
fn listens(address: SocketAddr) -> Result<(), String> {
    let stream = connect(address)?;
    let closes = || format!("port {} closes connections at once", address.port());
    stream
        .set_read_timeout(Some(OPEN))
        .map_err(|error| error.to_string())?;
    match stream.peek(&mut [0]) {
        Ok(0) => Err(closes()),
        Ok(_) => Ok(()),
        Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => Ok(()),
        Err(_) => Err(closes()),
    }
}

fn status(
    address: SocketAddr,
    path: &str,
    host: Option<&str>,
    end: Instant,
) -> Result<u16, String> {
    let mut stream = connect(address)?;
    let host = host.map_or_else(|| address.to_string(), str::to_owned);
    let request = format!(
        "GET {path} HTTP/1.1\r\nhost: {host}\r\nuser-agent: pilothouse-health-check\r\nconnection: close\r\n\r\n"
    );
    let no_answer = |_| format!("GET {path} did not answer");
    stream.write_all(request.as_bytes()).map_err(no_answer)?;
    let mut head = Vec::with_capacity(STATUS);
    let mut bytes = [0; STATUS];
    while head.len() < STATUS {
        let left = end.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Err(format!("GET {path} did not answer within 5 s"));
        }
        stream.set_read_timeout(Some(left)).map_err(no_answer)?;
        match stream.read(&mut bytes[..STATUS - head.len()]) {
            Ok(0) => break,
            Ok(read) => head.extend_from_slice(&bytes[..read]),
            Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {}
            Err(error) => return Err(no_answer(error)),
        }
    }
    parse(&head).ok_or_else(|| format!("GET {path} was not answered in HTTP"))
}

/// The status of an answer that begins so (RFC 9112, 4).
fn parse(head: &[u8]) -> Option<u16> {
    let text = std::str::from_utf8(head).ok()?;
    let version = text.strip_prefix("HTTP/1.")?;
    let status = version.get(2..5)?;
    status.parse().ok()
}

#[cfg(test)]
mod tests {
    use std::net::TcpListener;
    use std::thread;

    use super::*;

    fn strings(words: &[&str]) -> Vec<String> {
        words.iter().map(|word| (*word).to_owned()).collect()
    }

    /// Answers one connection so, and tells what came.
    fn answering(answer: &'static [u8]) -> (SocketAddr, thread::JoinHandle<String>) {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let address = listener.local_addr().unwrap();
        let asked = thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            let mut bytes = [0; 1024];
            let read = stream.read(&mut bytes).unwrap();
            stream.write_all(answer).unwrap();
            String::from_utf8_lossy(&bytes[..read]).into_owned()
        });
        (address, asked)
    }

    fn soon() -> Instant {
        Instant::now() + TIMEOUT
    }

    #[test]
    fn the_command_line_is_port_path_host() {
        let check = Check::parse(&strings(&["8080", "/up", "shop.test"])).unwrap();
        assert_eq!(check.port, 8080);
        assert_eq!(check.path.as_deref(), Some("/up"));
        assert_eq!(check.host.as_deref(), Some("shop.test"));
        assert!(Check::parse(&strings(&["many"])).is_err());
        assert!(Check::parse(&[]).is_err());
    }

    #[test]
    fn the_status_is_what_counts() {
        let (address, asked) = answering(b"HTTP/1.1 503 Later\r\n\r\n");
        assert_eq!(status(address, "/up", Some("shop.test"), soon()), Ok(503));
        let asked = asked.join().unwrap();
        assert!(asked.starts_with("GET /up HTTP/1.1\r\nhost: shop.test\r\n"));
        let (address, _) = answering(b"HTTP/1.0 204 No Content\r\n\r\n");
        assert_eq!(status(address, "/", None, soon()), Ok(204));
    }

    #[test]
    fn what_is_no_answer_is_told() {
        let (address, _) = answering(b"SSH-2.0-OpenSSH_9.2\r\n");
        let told = status(address, "/", None, soon()).unwrap_err();
        assert_eq!(told, "GET / was not answered in HTTP");
        let (address, _) = answering(b"HTTP/1.1");
        assert!(status(address, "/", None, soon()).is_err());
        let free = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let address = free.local_addr().unwrap();
        drop(free);
        let told = status(address, "/", None, soon()).unwrap_err();
        assert!(told.ends_with("does not accept connections"), "{told}");
    }

    #[test]
    fn a_port_that_stays_open_is_a_services() {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        assert_eq!(listens(listener.local_addr().unwrap()), Ok(()));
    }
}
