//! HTTP/1.1 as far as this service needs it: a request's head in, a reply out.

use std::io::{self, ErrorKind, Read, Write};

/// The longest head of a request, bytes.
const MAX_HEAD: usize = 16 * 1024;

/// The longest body that is read and thrown away, bytes.
const MAX_BODY: u64 = 1024 * 1024;

/// The most header fields of a message.
pub(crate) const MAX_HEADERS: usize = 64;

/// What is known of a request: its body, if any, has been read and dropped.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Request {
    pub(crate) method: String,
    pub(crate) path: String,
    pub(crate) query: String,
    /// Calls from sample service to sample service that led here.
    pub(crate) depth: u8,
    /// Whether the client wants to use the connection again.
    pub(crate) keep_alive: bool,
}

/// The header in which sample services count how deep a chain of calls is.
pub(crate) const DEPTH_HEADER: &str = "x-sample-depth";

impl Request {
    /// The value of `name` in the query, if it is a whole number.
    pub(crate) fn number(&self, name: &str) -> Option<u64> {
        let pairs = self
            .query
            .split('&')
            .filter_map(|pair| pair.split_once('='));
        pairs
            .filter(|(key, _)| *key == name)
            .find_map(|(_, value)| value.parse().ok())
    }
}

/// Why no request could be read.
#[derive(Debug)]
pub(crate) enum ReadError {
    /// The client is gone, or was too slow: nobody waits for a reply.
    Gone,
    /// The client deserves this reply; the connection ends with it.
    Refused(Reply),
}

impl From<io::Error> for ReadError {
    fn from(_: io::Error) -> Self {
        Self::Gone
    }
}

/// Status, body and its type.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) content_type: &'static str,
    pub(crate) body: String,
}

impl Reply {
    /// A line of plain text.
    pub(crate) fn text(status: u16, line: &str) -> Self {
        Self {
            status,
            content_type: "text/plain; charset=utf-8",
            body: format!("{line}\n"),
        }
    }

    /// Writes head and, unless the request was `HEAD`, body.
    pub(crate) fn write(
        &self,
        out: &mut impl Write,
        keep_alive: bool,
        head_only: bool,
    ) -> io::Result<()> {
        let connection = if keep_alive { "keep-alive" } else { "close" };
        let mut message = format!(
            "HTTP/1.1 {} {}\r\nContent-Type: {}\r\nContent-Length: {}\r\nCache-Control: no-store\r\nConnection: {connection}\r\n\r\n",
            self.status,
            reason(self.status),
            self.content_type,
            self.body.len(),
        );
        if !head_only {
            message.push_str(&self.body);
        }
        out.write_all(message.as_bytes())?;
        out.flush()
    }
}

fn reason(status: u16) -> &'static str {
    match status {
        200 => "OK",
        400 => "Bad Request",
        404 => "Not Found",
        405 => "Method Not Allowed",
        411 => "Length Required",
        413 => "Content Too Large",
        431 => "Request Header Fields Too Large",
        500 => "Internal Server Error",
        502 => "Bad Gateway",
        503 => "Service Unavailable",
        504 => "Gateway Timeout",
        _ => "Status",
    }
}

/// Reads the next request. `buffer` holds what came in beyond the request before, and keeps what
/// comes in beyond this one.
pub(crate) fn read_request(
    stream: &mut impl Read,
    buffer: &mut Vec<u8>,
) -> Result<Request, ReadError> {
    loop {
        if let Some((request, head, body)) = parse(buffer)? {
            buffer.drain(..head);
            skip_body(stream, buffer, body)?;
            return Ok(request);
        }
        if buffer.len() >= MAX_HEAD {
            return Err(refuse(431, "the request's head is over 16 KiB"));
        }
        let mut chunk = [0; 4096];
        let room = chunk.len().min(MAX_HEAD - buffer.len());
        match stream.read(&mut chunk[..room]) {
            Ok(0) => return Err(ReadError::Gone),
            Ok(length) => buffer.extend_from_slice(&chunk[..length]),
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => return Err(error.into()),
        }
    }
}

fn refuse(status: u16, line: &str) -> ReadError {
    ReadError::Refused(Reply::text(status, line))
}

/// The request, the length of its head and of its body; `None` while the head is incomplete.
fn parse(buffer: &[u8]) -> Result<Option<(Request, usize, u64)>, ReadError> {
    let mut fields = [httparse::EMPTY_HEADER; MAX_HEADERS];
    let mut parsed = httparse::Request::new(&mut fields);
    let head = match parsed.parse(buffer) {
        Ok(httparse::Status::Complete(length)) => length,
        Ok(httparse::Status::Partial) => return Ok(None),
        Err(httparse::Error::TooManyHeaders) => {
            return Err(refuse(431, "the request has over 64 header fields"));
        }
        Err(_) => return Err(refuse(400, "this is not an HTTP/1.1 request")),
    };
    let headers = Headers(parsed.headers);
    if headers.get("transfer-encoding").is_some() {
        return Err(refuse(411, "send the body with a Content-Length"));
    }
    let body = match headers.get("content-length").map(str::parse::<u64>) {
        None => 0,
        Some(Ok(length)) if length <= MAX_BODY => length,
        Some(Ok(_)) => return Err(refuse(413, "the body is over 1 MiB")),
        Some(Err(_)) => return Err(refuse(400, "Content-Length is not a number")),
    };
    let target = parsed.path.unwrap_or("/");
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    let request = Request {
        method: parsed.method.unwrap_or_default().to_owned(),
        path: path.to_owned(),
        query: query.to_owned(),
        depth: headers
            .get(DEPTH_HEADER)
            .and_then(|depth| depth.parse().ok())
            .unwrap_or(0),
        keep_alive: headers.keep_alive(parsed.version == Some(1)),
    };
    Ok(Some((request, head, body)))
}

struct Headers<'a>(&'a [httparse::Header<'a>]);

impl<'a> Headers<'a> {
    fn get(&self, name: &str) -> Option<&'a str> {
        let field = self.0.iter().find(|h| h.name.eq_ignore_ascii_case(name))?;
        str::from_utf8(field.value).ok().map(str::trim)
    }

    /// HTTP/1.1 keeps the connection unless told otherwise, HTTP/1.0 the other way round.
    fn keep_alive(&self, http_1_1: bool) -> bool {
        let mut words = self.get("connection").unwrap_or_default().split(',');
        let mut says = |word: &str| words.any(|w| w.trim().eq_ignore_ascii_case(word));
        if http_1_1 {
            !says("close")
        } else {
            says("keep-alive")
        }
    }
}

/// Drops `length` bytes of body, first from what is there already.
fn skip_body(stream: &mut impl Read, buffer: &mut Vec<u8>, length: u64) -> io::Result<()> {
    let there = usize::try_from(length)
        .unwrap_or(usize::MAX)
        .min(buffer.len());
    buffer.drain(..there);
    let missing = length - there as u64;
    let skipped = io::copy(&mut stream.take(missing), &mut io::sink())?;
    if skipped < missing {
        return Err(ErrorKind::UnexpectedEof.into());
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(mut bytes: &[u8]) -> Result<Request, ReadError> {
        read_request(&mut bytes, &mut Vec::new())
    }

    fn refused_with(bytes: &[u8]) -> u16 {
        match read(bytes) {
            Err(ReadError::Refused(reply)) => reply.status,
            other => panic!("not refused: {other:?}"),
        }
    }

    #[test]
    fn a_request_is_taken_apart() {
        let request = read(b"GET /slow?ms=5&x=a HTTP/1.1\r\nHost: a\r\n\r\n").unwrap();
        assert_eq!(request.method, "GET");
        assert_eq!(request.path, "/slow");
        assert_eq!(request.number("ms"), Some(5));
        assert_eq!(request.number("x"), None);
        assert!(request.keep_alive);
    }

    #[test]
    fn the_connection_header_and_the_version_decide_on_keep_alive() {
        let keeps = |head: &str| read(head.as_bytes()).unwrap().keep_alive;
        assert!(!keeps("GET / HTTP/1.1\r\nConnection: Close\r\n\r\n"));
        assert!(!keeps("GET / HTTP/1.0\r\n\r\n"));
        assert!(keeps("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n"));
    }

    #[test]
    fn bodies_are_skipped_and_the_next_request_is_kept() {
        let mut wire: &[u8] =
            b"POST / HTTP/1.1\r\nContent-Length: 5\r\n\r\nhelloGET /next HTTP/1.1\r\n\r\n";
        let mut buffer = Vec::new();
        assert_eq!(read_request(&mut wire, &mut buffer).unwrap().path, "/");
        assert_eq!(read_request(&mut wire, &mut buffer).unwrap().path, "/next");
    }

    #[test]
    fn what_is_too_large_or_no_request_is_refused() {
        let long = format!("GET / HTTP/1.1\r\nX: {}\r\n\r\n", "a".repeat(MAX_HEAD));
        assert_eq!(refused_with(long.as_bytes()), 431);
        let many = format!(
            "GET / HTTP/1.1\r\n{}\r\n",
            "A: b\r\n".repeat(MAX_HEADERS + 1)
        );
        assert_eq!(refused_with(many.as_bytes()), 431);
        assert_eq!(refused_with(b"what is this\r\n\r\n"), 400);
        assert_eq!(
            refused_with(b"POST / HTTP/1.1\r\nContent-Length: 2000000\r\n\r\n"),
            413
        );
        assert_eq!(
            refused_with(b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n"),
            411
        );
    }

    #[test]
    fn a_client_that_left_gets_no_reply() {
        assert!(matches!(read(b"GET / HT"), Err(ReadError::Gone)));
        let cut = b"POST / HTTP/1.1\r\nContent-Length: 9\r\n\r\nabc";
        assert!(matches!(read(cut), Err(ReadError::Gone)));
    }

    #[test]
    fn a_reply_to_head_has_the_length_and_no_body() {
        let mut out = Vec::new();
        Reply::text(200, "ok").write(&mut out, false, true).unwrap();
        let text = String::from_utf8(out).unwrap();
        assert!(text.starts_with("HTTP/1.1 200 OK\r\n"));
        assert!(text.contains("Content-Length: 3\r\n"));
        assert!(text.ends_with("Connection: close\r\n\r\n"));
    }
}
