//! Visitors who come at a steady pace, and what became of each.

use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use crate::bench::Service;

/// Who comes at once, and how often each: 200 requests a second together.
const VISITORS: u32 = 20;
const EVERY: Duration = Duration::from_millis(100);

/// An answer that takes this long is late.
const LATE: Duration = Duration::from_secs(1);

/// What became of the requests.
#[derive(Debug, Default)]
pub(crate) struct Visits {
    pub(crate) sent: usize,
    /// Those that were answered late: when they were asked, since the first.
    pub(crate) waited: Vec<Duration>,
    /// Those that were not answered with 200: when, since the first, and what came.
    pub(crate) failed: Vec<(Duration, Result<u16, String>)>,
}

impl Visits {
    /// How long after an instant, since the first visitor, somebody was still sent to where no answer
    /// comes from.
    pub(crate) fn misled_for(&self, from: Duration) -> Duration {
        let last = self.waited.iter().max();
        last.map_or(Duration::ZERO, |last| last.saturating_sub(from))
    }
}

/// Lets visitors come for as long as something is done, by way of the platform's own ingress.
pub(crate) fn under_load<T>(service: &Service<'_>, deed: impl FnOnce() -> T) -> (T, Visits) {
    let ingress = service.bench.ingress();
    under_load_by(&[ingress], service, deed)
}

/// The same by way of these, each visitor of one.
pub(crate) fn under_load_by<T>(
    ways: &[String],
    service: &Service<'_>,
    deed: impl FnOnce() -> T,
) -> (T, Visits) {
    let (over, visits) = (AtomicBool::new(false), Mutex::new(Visits::default()));
    let begun = Instant::now();
    let visitor = |number: u32| {
        let mut next = begun + EVERY * number / VISITORS;
        let way = &ways[number as usize % ways.len()];
        while !over.load(Ordering::Relaxed) {
            thread::sleep(next.saturating_duration_since(Instant::now()));
            next += EVERY;
            let asked = Instant::now();
            let answer = service.visit_by(way);
            let mut visits = visits.lock().unwrap();
            visits.sent += 1;
            if asked.elapsed() > LATE {
                visits.waited.push(asked - begun);
            }
            if answer != Ok(200) {
                visits.failed.push((begun.elapsed(), answer));
            }
        }
    };
    let done = thread::scope(|scope| {
        for number in 0..VISITORS {
            scope.spawn(move || visitor(number));
        }
        // However it ends, the visitors go home.
        let _over = Over(&over);
        deed()
    });
    (done, visits.into_inner().unwrap())
}

struct Over<'a>(&'a AtomicBool);

impl Drop for Over<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}
