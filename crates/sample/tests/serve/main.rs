//! The binary over a real socket: routes, keep-alive, calls, start and stop.

#[cfg(test)]
mod support;

use std::io::{Read, Write};
use std::net::TcpStream;

use support::{Sample, read_reply};

#[test]
fn it_tells_who_it_is_and_logs_the_request() {
    let mut sample = Sample::start(&[("SERVICE_NAME", "cart"), ("RELEASE_VERSION", "12")]);
    let reply = sample.get("/");
    assert_eq!(reply.status, 200);
    let about: serde_json::Value = serde_json::from_str(&reply.body).unwrap();
    assert_eq!(about["service"], "cart");
    assert_eq!(about["release"], "12");
    assert_eq!(about["count"], 1);
    let line = sample.line_that(|line| line.starts_with("GET / 200 "));
    assert!(line.ends_with("ms"), "{line}");
}

#[test]
fn one_connection_serves_request_after_request() {
    let sample = Sample::start(&[]);
    let mut stream = sample.connect();
    for path in ["/_health/", "/_health/", "/nowhere"] {
        write!(stream, "GET {path} HTTP/1.1\r\nHost: a\r\n\r\n").unwrap();
        let reply = read_reply(&mut stream);
        assert_eq!(reply.status, if path == "/nowhere" { 404 } else { 200 });
        assert!(reply.head.contains("Connection: keep-alive"));
    }
}

#[test]
fn failures_are_logged_on_standard_error() {
    let sample = Sample::start(&[]);
    assert_eq!(sample.get("/fail?status=502").status, 502);
    let (code, _, errors) = sample.stop();
    assert_eq!(code, Some(0));
    assert!(errors.contains("GET /fail 502 "), "{errors}");
}

#[test]
fn it_calls_the_services_it_is_told_to_and_says_how_that_went() {
    let other = Sample::start(&[("SERVICE_NAME", "stock")]);
    let calls = format!(
        "{}fail?status=503,{},http://127.0.0.1:1/",
        other.url(),
        other.url()
    );
    let sample = Sample::start(&[("CALLS", &calls)]);
    let about: serde_json::Value = serde_json::from_str(&sample.get("/").body).unwrap();
    assert_eq!(about["calls"][0]["status"], 503);
    assert_eq!(about["calls"][1]["status"], 200);
    let error = about["calls"][2]["error"].as_str().unwrap();
    assert!(error.contains("refused"), "{error}");
}

#[test]
fn a_request_under_way_is_finished_before_the_stop() {
    let mut sample = Sample::start(&[]);
    let mut busy = sample.connect();
    let mut idle = sample.connect();
    write!(idle, "GET /_health/ HTTP/1.1\r\n\r\n").unwrap();
    read_reply(&mut idle);
    write!(busy, "GET /slow?ms=700 HTTP/1.1\r\n\r\n").unwrap();
    // Connections are taken in order: the one of this answer came after the busy one.
    assert_eq!(sample.get("/_health/").status, 200);
    sample.terminate();
    sample.line_that(|line| line.starts_with("stopping"));

    let reply = read_reply(&mut busy);
    assert_eq!(reply.status, 200);
    assert!(reply.head.contains("Connection: close"), "{}", reply.head);
    assert_eq!(idle.read(&mut [0]).unwrap(), 0, "idle connections end");
    let (code, output, _) = sample.wait();
    assert_eq!(code, Some(0));
    assert!(output.contains("stopped"), "{output}");
}

#[test]
fn after_the_stop_nothing_is_accepted() {
    let sample = Sample::start(&[]);
    let address = sample.address();
    assert_eq!(sample.stop().0, Some(0));
    assert!(TcpStream::connect(address).is_err());
}

#[test]
fn connections_beyond_the_limit_are_told_to_come_back() {
    let sample = Sample::start(&[]);
    let held: Vec<TcpStream> = (0..256)
        .map(|_| {
            let mut stream = sample.connect();
            write!(stream, "GET /_health/ HTTP/1.1\r\n\r\n").unwrap();
            read_reply(&mut stream);
            stream
        })
        .collect();
    let mut one_more = sample.connect();
    assert_eq!(read_reply(&mut one_more).status, 503);
    drop(held);
}

#[test]
fn it_ends_at_once_with_the_code_asked_for_and_says_why() {
    let (code, output, errors) = Sample::run(&[("EXIT_AT_START", "7")]);
    assert_eq!(code, Some(7));
    assert_eq!(output, "");
    assert!(errors.contains("EXIT_AT_START"), "{errors}");
}

#[test]
fn a_wrong_variable_stops_the_start_with_its_name() {
    let (code, _, errors) = Sample::run(&[("PORT", "http")]);
    assert_eq!(code, Some(1));
    assert!(errors.contains("PORT must be"), "{errors}");
}

#[test]
fn chatter_prints_every_line_it_promised() {
    let mut sample = Sample::start(&[("LOG_RATE", "100000"), ("LOG_LINES", "5000")]);
    sample.line_that(|line| line.starts_with("line 005000 "));
    let (_, output, _) = sample.stop();
    assert!(!output.contains("line 005001"));
}
