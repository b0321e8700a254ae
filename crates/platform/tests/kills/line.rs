//! How workers ask a platform that may go at any moment.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{PoisonError, RwLock};
use std::thread;
use std::time::Duration;

use serde_json::Value;

use crate::bench::request;

const LOOK_EVERY: Duration = Duration::from_millis(5);

/// Where the platform is, as long as it is there.
pub(crate) struct Line {
    address: RwLock<String>,
    credential: String,
    is_over: AtomicBool,
}

/// What is asked for.
#[derive(Clone, Debug)]
pub(crate) struct Ask {
    pub(crate) method: &'static str,
    /// Below the API's base.
    pub(crate) path: String,
    pub(crate) body: Value,
    /// `Idempotency-Key`, of what makes or does something.
    pub(crate) key: Option<String>,
}

/// What became of what was asked.
#[derive(Clone, Debug)]
pub(crate) enum Heard {
    Done(Value),
    /// It was done before, and its answer went with the platform.
    DoneBefore,
    /// It was not done, for this reason.
    Refused(String),
    /// Perhaps it was done.
    Nothing,
}

impl Line {
    pub(crate) fn new(address: &str, credential: &str) -> Self {
        Self {
            address: RwLock::new(address.to_owned()),
            credential: credential.to_owned(),
            is_over: AtomicBool::new(false),
        }
    }

    /// The platform is somewhere else.
    pub(crate) fn moves(&self, address: &str) {
        let mut place = self.address.write().unwrap_or_else(PoisonError::into_inner);
        address.clone_into(&mut place);
    }

    /// Whether workers are to go on.
    pub(crate) fn goes_on(&self) -> bool {
        !self.is_over.load(Ordering::Relaxed)
    }

    pub(crate) fn set_over(&self, is_over: bool) {
        self.is_over.store(is_over, Ordering::Relaxed);
    }

    /// Asks as soon as the platform can be reached.
    pub(crate) fn ask(&self, ask: &Ask) -> Heard {
        loop {
            match self.try_ask(ask) {
                Some((status, body)) => return heard(ask, status, body),
                // Nobody was there, so nothing was sent.
                None if self.goes_on() => thread::sleep(LOOK_EVERY),
                None => return Heard::Nothing,
            }
        }
    }

    /// The status and the body of the answer: no status where none came, and nothing at all where
    /// nobody could be asked.
    fn try_ask(&self, ask: &Ask) -> Option<(Option<u16>, Value)> {
        let address = self.address.read().unwrap_or_else(PoisonError::into_inner);
        let address = address.clone();
        let mut head = format!(
            "X-API-Key: {}\r\nContent-Type: application/json\r\n",
            self.credential
        );
        if let Some(key) = &ask.key {
            head.push_str(&format!("Idempotency-Key: {key}\r\n"));
        }
        let body = match &ask.body {
            Value::Null => String::new(),
            body => body.to_string(),
        };
        let path = format!("/api/v1{}", ask.path);
        match request(&address, ask.method, &path, "x", &head, &body) {
            Err(error) if error.kind() == std::io::ErrorKind::ConnectionRefused => None,
            Err(_) => Some((None, Value::Null)),
            Ok((status, body)) => match serde_json::from_str(&body) {
                Ok(body) => Some((Some(status), body)),
                // It broke off.
                Err(_) => Some((None, Value::Null)),
            },
        }
    }
}

fn heard(ask: &Ask, status: Option<u16>, body: Value) -> Heard {
    let code = body["code"].as_str().unwrap_or_default().to_owned();
    match status {
        Some(200..=299) => Heard::Done(match body.get("data") {
            Some(data) => data.clone(),
            None => body,
        }),
        Some(409) if code == "answer_lost" => Heard::DoneBefore,
        Some(404 | 409) => Heard::Refused(code),
        // The engine or the disk, for a moment: how far it came is not said.
        Some(503 | 504) | None => Heard::Nothing,
        Some(status) => panic!("{status} to {ask:?}: {body}"),
    }
}
