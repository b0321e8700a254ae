//! Requests of the last quarter of an hour, by service and minute. In memory: a look at thousands of
//! services reads nothing from the disk.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use chrono::{DateTime, Utc};
use pilothouse_wire::overview::ErrorShare;

use super::sample::Sample;
use super::series::MINUTE;

/// How far back is looked, in seconds: whole minutes.
const WINDOW: i64 = 15 * MINUTE;

/// Requests and errors of each minute, by when it begins.
type Minutes = BTreeMap<i64, (u64, u64)>;

/// What services answered lately. Cheap to clone.
#[derive(Clone, Debug, Default)]
pub(super) struct Recent(Arc<Mutex<HashMap<String, Minutes>>>);

impl Recent {
    /// Adds what was measured from an instant on, and forgets what is too old.
    pub(super) fn add(&self, at: i64, measured: &HashMap<String, Sample>) {
        let mut services = self.lock();
        for (service_id, sample) in measured {
            if sample.requests > 0 {
                count(
                    &mut services,
                    service_id,
                    at,
                    sample.requests,
                    sample.errors,
                );
            }
        }
        services.retain(|_, minutes| {
            minutes.retain(|minute, _| is_within(*minute, at));
            !minutes.is_empty()
        });
    }

    /// Takes over what was stored before the process began: service, instant, requests, errors.
    pub(super) fn restore(&self, stored: Vec<(String, i64, u64, u64)>) {
        let mut services = self.lock();
        for (service_id, at, requests, errors) in stored {
            count(&mut services, &service_id, at, requests, errors);
        }
    }

    /// The services of which any request failed, by id.
    pub(super) fn failing(&self, now: DateTime<Utc>) -> HashMap<String, ErrorShare> {
        let now = now.timestamp();
        let services = self.lock();
        let failing = services.iter().filter_map(|(service_id, minutes)| {
            let mut share = ErrorShare {
                seconds: u32::try_from(WINDOW).unwrap_or_default(),
                ..ErrorShare::default()
            };
            for (_, (requests, errors)) in minutes.iter().filter(|(at, _)| is_within(**at, now)) {
                share.requests += requests;
                share.errors += errors;
            }
            (share.errors > 0).then(|| (service_id.clone(), share))
        });
        failing.collect()
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<String, Minutes>> {
        // Counts that are half added are no worse than those of a moment later.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The earliest instant whose requests still count.
pub(super) fn begin(now: i64) -> i64 {
    (now - WINDOW).div_euclid(MINUTE) * MINUTE + MINUTE
}

/// Whether a minute is among the last ones. One that is still to come was told by a clock that was
/// ahead.
fn is_within(minute: i64, now: i64) -> bool {
    (begin(now)..=now).contains(&minute)
}

fn count(
    services: &mut HashMap<String, Minutes>,
    service_id: &str,
    at: i64,
    requests: u64,
    errors: u64,
) {
    let minute = at.div_euclid(MINUTE) * MINUTE;
    let minutes = match services.get_mut(service_id) {
        Some(minutes) => minutes,
        None => services.entry(service_id.to_owned()).or_default(),
    };
    let counted = minutes.entry(minute).or_default();
    counted.0 += requests;
    counted.1 += errors;
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOON: i64 = 1_800_000_000 / 86_400 * 86_400;

    fn sample(requests: u64, errors: u64) -> HashMap<String, Sample> {
        let sample = Sample {
            requests,
            errors,
            ..Sample::default()
        };
        HashMap::from([("shop".to_owned(), sample)])
    }

    fn failing(recent: &Recent, now: i64) -> Option<(u64, u64)> {
        let failing = recent.failing(DateTime::from_timestamp(now, 0).unwrap());
        let share = failing.get("shop")?;
        Some((share.errors, share.requests))
    }

    #[test]
    fn the_last_minutes_add_up_and_older_ones_go() {
        let recent = Recent::default();
        for tick in 0..24 {
            recent.add(NOON + tick * 5, &sample(10, 1));
        }
        assert_eq!(failing(&recent, NOON + 120), Some((24, 240)));
        // The first of the two minutes is out of the window.
        assert_eq!(failing(&recent, NOON + WINDOW), Some((12, 120)));
        assert_eq!(failing(&recent, NOON + WINDOW + 60), None);
        recent.add(NOON + WINDOW + 60, &HashMap::new());
        assert!(recent.lock().is_empty());
    }

    #[test]
    fn who_fails_nothing_is_not_told_and_who_is_idle_is_not_kept() {
        let recent = Recent::default();
        recent.add(NOON, &sample(0, 0));
        assert!(recent.lock().is_empty());
        recent.add(NOON, &sample(5, 0));
        assert_eq!(failing(&recent, NOON + 5), None);
    }

    #[test]
    fn a_clock_that_was_ahead_spoils_nothing() {
        let recent = Recent::default();
        recent.add(NOON + 86_400, &sample(7, 7));
        assert_eq!(failing(&recent, NOON), None);
        recent.add(NOON, &sample(10, 1));
        assert_eq!(failing(&recent, NOON + 5), Some((1, 10)));
        recent.restore(vec![("shop".to_owned(), NOON - 60, 4, 2)]);
        assert_eq!(failing(&recent, NOON + 5), Some((3, 14)));
    }
}
