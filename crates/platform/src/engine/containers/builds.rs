//! Builds over the engine's API, spoken to directly: Podman takes build secrets in a parameter that
//! the client library does not know.

use std::collections::VecDeque;
use std::io;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use futures_util::TryStreamExt;
use http::{Request, StatusCode};
use http_body_util::combinators::BoxBody;
use http_body_util::{BodyExt, Full, StreamBody};
use hyper::body::{Frame, Incoming};
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use serde::Deserialize;
use tokio::sync::mpsc;
use tokio::time::timeout;
use tokio_util::io::ReaderStream;
use tokio_util::task::AbortOnDropHandle;

use super::leftovers::Making;
use crate::engine::channel::Channel;
use crate::engine::{BuildContext, BuildLog, BuildSpec, EngineError, EngineResult};

/// Lines of a build that an error repeats, and how much of each, in characters.
const LAST_LINES: usize = 10;
const LAST_LINE: usize = 1_000;
/// Lines of the answer that may wait to be read.
const LINES: usize = 64;
/// How long the answer to a build that was given up is read on.
const DRAIN: Duration = Duration::from_secs(20);
/// The longest line that the engine may answer with, in bytes.
const MAX_LINE: usize = 8 * 1024 * 1024;

/// What the log of a build says that is begun again.
pub(super) const AGAIN: &str =
    "\nAn image of the engine's cache was removed meanwhile: the build begins again.\n";
/// What Podman says where an image goes while it looks for a step in its cache, whosever it is.
const LOST: [&str; 2] = ["layer not known", "image not known"];

type Body = BoxBody<Bytes, io::Error>;

/// One line of the engine's answer.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Step {
    stream: Option<String>,
    status: Option<String>,
    error: Option<String>,
}

/// Builds an image. Dropping it gives the build up.
pub(super) async fn build(
    channel: &Channel,
    spec: &BuildSpec,
    control_group: &str,
    making: Making,
    log: &BuildLog,
) -> EngineResult<()> {
    let failed = |why: String| EngineError::BuildFailed {
        tag: spec.tag.clone(),
        why,
    };
    let body = body(&spec.context)
        .await
        .map_err(|error| failed(format!("its context can't be read: {error}")))?;
    let request = request(spec, control_group, body).map_err(|error| failed(error.to_string()))?;
    let (response, connection) = send(channel, request)
        .await
        .map_err(|error| EngineError::Unavailable(error.to_string()))?;
    let status = response.status();
    let mut answer = Answer::new(response.into_body());
    if status != StatusCode::OK {
        let words = answer.rest().await;
        return Err(failed(words.unwrap_or_else(|error| error.to_string())));
    }
    let mut steps = steps(answer, connection, making);
    let (mut last, mut outcome) = (VecDeque::new(), Ok(()));
    // To the very end, after which nothing is left of a build that failed.
    while let Some(step) = steps.recv().await {
        match step {
            Err(error) => outcome = Err(EngineError::Unavailable(error.to_string())),
            Ok(Step {
                error: Some(why), ..
            }) => {
                remember(&mut last, &why);
                outcome = Err(failed(last.make_contiguous().join("\n")));
            }
            Ok(step) => {
                if let Some(text) = step.stream.or(step.status.map(|status| status + "\n")) {
                    remember(&mut last, &text);
                    // Whoever wanted the log may have stopped reading; the build goes on.
                    let _ = log.send(text).await;
                }
            }
        }
    }
    outcome
}

/// Whether a build failed because an image went at the wrong moment. The last line is the engine's own.
pub(super) fn lost_an_image(error: &EngineError) -> bool {
    let EngineError::BuildFailed { why, .. } = error else {
        return false;
    };
    let last = why.lines().next_back().unwrap_or_default();
    LOST.iter().any(|words| last.ends_with(words))
}

/// The steps that an engine answers with, until there is nothing more to be done about its build.
fn steps(
    answer: Answer,
    connection: AbortOnDropHandle<()>,
    mut making: Making,
) -> mpsc::Receiver<io::Result<Step>> {
    let (sender, receiver) = mpsc::channel(LINES);
    tokio::spawn(async move {
        // It lives as long as the answer is read.
        let _connection = connection;
        let is_built = pass_on(answer, &mut making, &sender).await;
        making.end(is_built).await;
    });
    receiver
}

/// Passes steps on, and tells whether they led to an image. Where nobody wants them any more they are
/// read on for a while: an engine that is stuck in the middle of a line never gets to removing what
/// the build has made.
async fn pass_on(
    mut answer: Answer,
    making: &mut Making,
    to: &mpsc::Sender<io::Result<Step>>,
) -> bool {
    let mut is_built = true;
    while let Some(step) = answer.step(making).await.transpose() {
        let is_last = step.is_err();
        is_built &= step.as_ref().is_ok_and(|step| step.error.is_none());
        if to.send(step).await.is_err() {
            let rest = async { while let Ok(Some(_)) = answer.step(making).await {} };
            let _ = timeout(DRAIN, rest).await;
            return false;
        }
        if is_last {
            break;
        }
    }
    is_built
}

async fn body(context: &BuildContext) -> io::Result<Body> {
    Ok(match context {
        BuildContext::Bytes(bytes) => Full::new(bytes.clone())
            .map_err(|never| match never {})
            .boxed(),
        BuildContext::File(path) => {
            let file = tokio::fs::File::open(path).await?;
            let frames = ReaderStream::new(file).map_ok(Frame::data);
            BodyExt::boxed(StreamBody::new(frames))
        }
    })
}

fn request(
    spec: &BuildSpec,
    control_group: &str,
    body: Body,
) -> Result<Request<Body>, http::Error> {
    let json = |value: serde_json::Value| value.to_string();
    let mut query = form_urlencoded::Serializer::new(String::new());
    query
        .append_pair("t", &spec.tag)
        .append_pair("dockerfile", &spec.dockerfile)
        .append_pair("rm", "true")
        .append_pair("forcerm", "true")
        .append_pair("cgroupparent", control_group)
        .append_pair("buildargs", &json(serde_json::json!(spec.args)))
        .append_pair("labels", &json(serde_json::json!(spec.labels)));
    if !spec.secrets.is_empty() {
        let secrets = spec.secrets.iter();
        let secrets: Vec<String> = secrets
            .map(|(name, file)| format!("id={name},src={file}"))
            .collect();
        query.append_pair("secrets", &json(serde_json::json!(secrets)));
    }
    Request::post(format!("/build?{}", query.finish()))
        .header(http::header::HOST, "localhost")
        .header(http::header::CONTENT_TYPE, "application/x-tar")
        .body(body)
}

type Sent = (http::Response<Incoming>, AbortOnDropHandle<()>);

async fn send(channel: &Channel, request: Request<Body>) -> io::Result<Sent> {
    let stream = channel.open().await?;
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream))
        .await
        .map_err(io::Error::other)?;
    let connection = tokio::spawn(async move {
        // What goes wrong with it shows in the answer.
        let _ = connection.await;
    });
    let connection = AbortOnDropHandle::new(connection);
    let response = sender.send_request(request).await;
    Ok((response.map_err(io::Error::other)?, connection))
}

/// An answer, line by line.
struct Answer {
    body: Incoming,
    buffer: BytesMut,
}

impl Answer {
    fn new(body: Incoming) -> Self {
        Self {
            body,
            buffer: BytesMut::new(),
        }
    }

    async fn more(&mut self) -> io::Result<bool> {
        while let Some(frame) = self.body.frame().await {
            if let Ok(data) = frame.map_err(io::Error::other)?.into_data() {
                self.buffer.extend_from_slice(&data);
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// The next step, of which is noted what it has made.
    async fn step(&mut self, making: &mut Making) -> io::Result<Option<Step>> {
        while let Some(line) = self.line().await? {
            if let Ok(step) = serde_json::from_slice::<Step>(&line) {
                making.hears(step.stream.as_deref().unwrap_or_default());
                return Ok(Some(step));
            }
        }
        Ok(None)
    }

    /// The next line; what follows the last line end is one too.
    async fn line(&mut self) -> io::Result<Option<Bytes>> {
        let mut searched = 0;
        loop {
            let found = memchr::memchr(b'\n', self.buffer.get(searched..).unwrap_or_default());
            if let Some(at) = found {
                return Ok(Some(self.buffer.split_to(searched + at + 1).freeze()));
            }
            searched = self.buffer.len();
            if searched > MAX_LINE {
                return Err(io::Error::other("the engine answered with an endless line"));
            }
            if !self.more().await? {
                let rest = std::mem::take(&mut self.buffer).freeze();
                return Ok((!rest.is_empty()).then_some(rest));
            }
        }
    }

    /// All of a refusal, in the engine's words.
    async fn rest(&mut self) -> io::Result<String> {
        while self.buffer.len() < MAX_LINE && self.more().await? {}
        let text = String::from_utf8_lossy(&self.buffer).into_owned();
        let said = serde_json::from_str::<serde_json::Value>(&text).ok();
        let message = said.and_then(|said| Some(said.get("message")?.as_str()?.to_owned()));
        Ok(message.unwrap_or(text))
    }
}

/// Keeps the last lines.
fn remember(log: &mut VecDeque<String>, lines: &str) {
    for line in lines
        .lines()
        .map(str::trim_end)
        .filter(|line| !line.is_empty())
    {
        if log.len() == LAST_LINES {
            log.pop_front();
        }
        log.push_back(line.chars().take(LAST_LINE).collect());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_repeats_the_last_lines_only() {
        let mut log = VecDeque::new();
        for line in 0..30 {
            remember(&mut log, &format!("step {line}\n\n"));
        }
        assert_eq!(log.len(), LAST_LINES);
        assert_eq!(log.back().map(String::as_str), Some("step 29"));
    }
}
