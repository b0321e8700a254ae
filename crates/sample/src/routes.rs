//! What each path answers.

use std::fs;
use std::hint::black_box;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use serde::Serialize;

use crate::calls::{self, Outcome};
use crate::config::Config;
use crate::http::{Reply, Request};
use crate::slots::Slots;

/// The longest `/slow`, milliseconds.
const MAX_SLOW_MS: u64 = 60_000;

/// The longest `/spin`, milliseconds.
const MAX_SPIN_MS: u64 = 10_000;

/// The most memory that `/allocate` holds, in megabytes.
const MAX_MEGABYTES: u64 = 256;

/// Calls to other services at once, over all requests.
const MAX_CALLS_AT_ONCE: usize = 64;

/// The service behind the routes.
pub(crate) struct Service {
    config: Config,
    instance: String,
    started: Instant,
    count: AtomicU64,
    calls: Slots,
    /// What `/allocate` holds.
    held: Mutex<Vec<u8>>,
}

/// What `/` tells.
#[derive(Serialize)]
struct About<'a> {
    service: &'a str,
    instance: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    release: Option<&'a str>,
    /// Requests to `/` that this instance has had, this one included.
    count: u64,
    calls: Vec<Outcome>,
}

impl Service {
    /// The clock of `HEALTHY_AFTER` starts here.
    pub(crate) fn new(config: Config) -> Self {
        Self {
            config,
            instance: instance_name(),
            started: Instant::now(),
            count: AtomicU64::new(0),
            calls: Slots::new(MAX_CALLS_AT_ONCE),
            held: Mutex::default(),
        }
    }

    /// Name, release and instance in one line for the log.
    pub(crate) fn title(&self) -> String {
        let release = self.config.release.as_deref().unwrap_or("none");
        let service = &self.config.service;
        format!("{service} release {release} on {}", self.instance)
    }

    /// Answers one request.
    pub(crate) fn answer(&self, request: &Request) -> Reply {
        if !matches!(request.method.as_str(), "GET" | "HEAD") {
            return Reply::text(405, "only GET and HEAD are answered here");
        }
        match request.path.as_str() {
            "/" => self.about(request.depth),
            "/_health/" | "/_health" => self.health(),
            "/slow" => slow(request),
            "/spin" => spin(request),
            "/allocate" => self.allocate(request),
            "/fail" => fail(request),
            _ => Reply::text(
                404,
                "try /, /_health/, /slow?ms=, /spin?ms=, /allocate?mb= or /fail?status=",
            ),
        }
    }

    fn about(&self, depth: u8) -> Reply {
        let about = About {
            service: &self.config.service,
            instance: &self.instance,
            release: self.config.release.as_deref(),
            count: self.count.fetch_add(1, Ordering::Relaxed) + 1,
            calls: calls::call_all(&self.config.calls, depth, &self.calls),
        };
        match serde_json::to_string(&about) {
            Ok(body) => Reply {
                status: 200,
                content_type: "application/json",
                body,
            },
            Err(error) => Reply::text(500, &format!("cannot write the answer: {error}")),
        }
    }

    fn health(&self) -> Reply {
        if self.config.unhealthy {
            return Reply::text(503, "unhealthy: UNHEALTHY=1 is set");
        }
        let left = self
            .config
            .healthy_after
            .saturating_sub(self.started.elapsed());
        if left.is_zero() {
            Reply::text(200, "ok")
        } else {
            Reply::text(503, &format!("healthy in {} s", left.as_secs() + 1))
        }
    }

    /// Holds so many megabytes, instead of what it held before.
    fn allocate(&self, request: &Request) -> Reply {
        let Some(megabytes @ 0..=MAX_MEGABYTES) = request.number("mb") else {
            let most = MAX_MEGABYTES;
            return Reply::text(400, &format!("say ?mb= with a number up to {most}"));
        };
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        *held = Vec::new();
        // Written, so that it is memory and not a promise of some.
        *held = vec![1; megabytes as usize * 1_000_000];
        Reply::text(200, &format!("holding {megabytes} MB"))
    }
}

/// The host's name: in a container, the container's short id.
fn instance_name() -> String {
    let name = fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
    match name.trim() {
        "" => std::env::var("HOSTNAME").unwrap_or_else(|_| "unknown".to_owned()),
        name => name.to_owned(),
    }
}

fn slow(request: &Request) -> Reply {
    match milliseconds(request, MAX_SLOW_MS) {
        Ok(time) => {
            thread::sleep(time);
            Reply::text(200, &format!("waited {} ms", time.as_millis()))
        }
        Err(reply) => reply,
    }
}

fn spin(request: &Request) -> Reply {
    match milliseconds(request, MAX_SPIN_MS) {
        Ok(time) => {
            let until = Instant::now() + time;
            let before = processor_time();
            let mut turns = 0_u64;
            while Instant::now() < until {
                turns = black_box(turns + 1);
            }
            let used = processor_time().saturating_sub(before);
            Reply::text(
                200,
                &format!(
                    "worked {} ms, {turns} turns, {} ms of a processor",
                    time.as_millis(),
                    used.as_millis()
                ),
            )
        }
        Err(reply) => reply,
    }
}

/// Processor time that this thread has had; none where the kernel does not tell.
fn processor_time() -> Duration {
    let told = fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    let nanoseconds = told.split(' ').next().and_then(|first| first.parse().ok());
    Duration::from_nanos(nanoseconds.unwrap_or_default())
}

/// The `ms` of the query, at most `max`.
fn milliseconds(request: &Request, max: u64) -> Result<Duration, Reply> {
    match request.number("ms") {
        Some(ms) if ms <= max => Ok(Duration::from_millis(ms)),
        _ => Err(Reply::text(
            400,
            &format!("say ?ms= with a number up to {max}"),
        )),
    }
}

fn fail(request: &Request) -> Reply {
    let status = if request.query.is_empty() {
        Some(500)
    } else {
        request.number("status")
    };
    match status.and_then(|status| u16::try_from(status).ok()) {
        Some(status @ 500..=599) => Reply::text(status, "failed as asked"),
        _ => Reply::text(400, "say ?status= with a number from 500 to 599"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn service(variables: &[(&str, &str)]) -> Service {
        let lookup = |name: &str| {
            let found = variables.iter().find(|(key, _)| *key == name);
            found.map(|(_, value)| (*value).to_owned())
        };
        Service::new(Config::read(lookup).unwrap())
    }

    fn get(service: &Service, target: &str) -> Reply {
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        service.answer(&Request {
            method: "GET".to_owned(),
            path: path.to_owned(),
            query: query.to_owned(),
            depth: 0,
            keep_alive: true,
        })
    }

    #[test]
    fn the_front_page_tells_who_answers_and_counts() {
        let service = service(&[("SERVICE_NAME", "cart"), ("RELEASE_VERSION", "7")]);
        get(&service, "/");
        let reply = get(&service, "/");
        let about: serde_json::Value = serde_json::from_str(&reply.body).unwrap();
        assert_eq!(about["service"], "cart");
        assert_eq!(about["release"], "7");
        assert_eq!(about["count"], 2);
        assert_eq!(about["instance"], service.instance);
    }

    #[test]
    fn health_follows_the_environment() {
        assert_eq!(get(&service(&[]), "/_health/").status, 200);
        assert_eq!(
            get(&service(&[("UNHEALTHY", "1")]), "/_health/").status,
            503
        );
        assert_eq!(
            get(&service(&[("UNHEALTHY", "0")]), "/_health/").status,
            200
        );
        let later = get(&service(&[("HEALTHY_AFTER", "60")]), "/_health/");
        assert_eq!(
            (later.status, later.body.as_str()),
            (503, "healthy in 60 s\n")
        );
    }

    #[test]
    fn failing_is_a_server_error_and_nothing_else() {
        let service = service(&[]);
        assert_eq!(get(&service, "/fail").status, 500);
        assert_eq!(get(&service, "/fail?status=503").status, 503);
        assert_eq!(get(&service, "/fail?status=200").status, 400);
        assert_eq!(get(&service, "/fail?status=x").status, 400);
    }

    #[test]
    fn waiting_and_spinning_are_bounded() {
        let service = service(&[]);
        assert_eq!(get(&service, "/slow?ms=1").body, "waited 1 ms\n");
        assert_eq!(get(&service, "/slow?ms=60001").status, 400);
        assert_eq!(get(&service, "/slow").status, 400);
        assert_eq!(get(&service, "/spin?ms=1").status, 200);
        assert_eq!(get(&service, "/spin?ms=10001").status, 400);
    }

    #[test]
    fn spinning_tells_what_it_took_of_a_processor() {
        let body = get(&service(&[]), "/spin?ms=100").body;
        let (_, used) = body.trim_end().rsplit_once(", ").unwrap();
        let used: u64 = used.split(' ').next().unwrap().parse().unwrap();
        assert!((1..=150).contains(&used), "{body}");
    }

    #[test]
    fn what_is_allocated_is_held_until_another_is_asked_for() {
        let service = service(&[]);
        let held = || service.held.lock().unwrap().len();
        assert_eq!(get(&service, "/allocate?mb=2").body, "holding 2 MB\n");
        assert_eq!(held(), 2_000_000);
        assert_eq!(get(&service, "/allocate?mb=0").status, 200);
        assert_eq!(held(), 0);
        assert_eq!(get(&service, "/allocate?mb=257").status, 400);
        assert_eq!(get(&service, "/allocate").status, 400);
    }

    #[test]
    fn other_paths_and_methods_are_told_what_there_is() {
        let service = service(&[]);
        assert_eq!(get(&service, "/env?name=HOME").status, 404);
        let post = Request {
            method: "POST".to_owned(),
            path: "/".to_owned(),
            query: String::new(),
            depth: 0,
            keep_alive: true,
        };
        assert_eq!(service.answer(&post).status, 405);
    }
}
