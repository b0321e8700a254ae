//! What a simulated instance writes, and when: a pure function of the instance, so that its lines
//! can be read again from any instant on.

use chrono::{DateTime, TimeDelta, Utc};
use pilothouse_wire::logs::LogStream;

use crate::engine::{EngineInstance, EngineLine};

/// The lines of the start: this many, this far apart.
const OPENING: u32 = 2;
const OPENING_EVERY: TimeDelta = TimeDelta::milliseconds(200);
/// After them, one line at some instant of each such while.
const LINE_EVERY: TimeDelta = TimeDelta::seconds(30);

const PATHS: [&str; 6] = [
    "/",
    "/v1/cart",
    "/v1/users/8841",
    "/v1/checkout",
    "/_health/",
    "/v1/items?page=2",
];

/// All that an instance will ever write.
#[derive(Clone, Debug)]
pub(super) struct Script {
    created: DateTime<Utc>,
    seed: u64,
    crashes: bool,
}

impl Script {
    /// The script of an instance; another for each slot, the same at each start.
    pub(super) fn new(instance: &EngineInstance, crashes: bool) -> Self {
        let name = format!("{}{}", instance.slot.service_id, instance.slot.label());
        Self {
            created: instance.created,
            seed: name
                .bytes()
                .fold(0, |sum, byte| scatter(sum ^ u64::from(byte))),
            crashes,
        }
    }

    /// The line with this number, counted from 0. `None`: it crashes before.
    pub(super) fn line(&self, number: u32) -> Option<EngineLine> {
        if self.crashes && number >= OPENING {
            return None;
        }
        let dice = self.dice(number);
        let index = usize::try_from(dice % 6).unwrap_or(0);
        let path = PATHS.get(index).copied().unwrap_or("/");
        let (stream, message) = match number {
            0 => (LogStream::Stdout, "starting (simulated)".to_owned()),
            1 if self.crashes => (
                LogStream::Stderr,
                "fatal: no configuration found (simulated)".to_owned(),
            ),
            1 => (
                LogStream::Stdout,
                "listening on :8080 (simulated)".to_owned(),
            ),
            _ if dice.is_multiple_of(41) => (
                LogStream::Stderr,
                format!("GET {path} 500 {}ms (simulated)", dice % 90),
            ),
            _ => (
                LogStream::Stdout,
                format!("GET {path} 200 {}ms (simulated)", 1 + dice % 40),
            ),
        };
        Some(EngineLine {
            timestamp: self.instant(number),
            stream,
            message,
        })
    }

    /// The number of the first line written at an instant or later.
    pub(super) fn first_at_or_after(&self, instant: DateTime<Utc>) -> u32 {
        let whiles = (instant - self.created).num_seconds() / LINE_EVERY.num_seconds();
        // One while early, in case the line of that while is still to come.
        let guess = u32::try_from(whiles - 1).unwrap_or(0);
        (guess..)
            .find(|number| self.instant(*number) >= instant)
            .unwrap_or(u32::MAX)
    }

    fn instant(&self, number: u32) -> DateTime<Utc> {
        let whole = |count: u32| i32::try_from(count).unwrap_or(i32::MAX);
        let Some(after) = number.checked_sub(OPENING) else {
            return self.created + OPENING_EVERY * whole(number);
        };
        let spread = self.dice(number) % LINE_EVERY.num_milliseconds().unsigned_abs();
        let spread = TimeDelta::milliseconds(i64::try_from(spread).unwrap_or(0));
        self.created + OPENING_EVERY * whole(OPENING) + LINE_EVERY * whole(after) + spread
    }

    fn dice(&self, number: u32) -> u64 {
        scatter(self.seed ^ u64::from(number))
    }
}

/// Spreads the bits of a number (splitmix64).
fn scatter(number: u64) -> u64 {
    let number = number.wrapping_add(0x9E37_79B9_7F4A_7C15);
    let number = (number ^ (number >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    let number = (number ^ (number >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    number ^ (number >> 31)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::engine::{RunState, Slot};

    fn script(ordinal: u32) -> Script {
        let instance = EngineInstance {
            id: "id".to_owned(),
            slot: Slot {
                service_id: "service".to_owned(),
                process: "web".to_owned(),
                ordinal,
            },
            release_version: 1,
            generation: 0,
            state: RunState::Running,
            created: DateTime::from_timestamp_nanos(1_000_000_000),
            endpoint: None,
            node: None,
        };
        Script::new(&instance, false)
    }

    #[test]
    fn neighbours_write_different_lines() {
        let lines = |ordinal| {
            (2..20)
                .map(|number| script(ordinal).line(number))
                .collect::<Vec<_>>()
        };
        assert_eq!(lines(0), lines(0));
        assert_ne!(lines(0), lines(1));
    }

    proptest! {
        #[test]
        fn lines_come_in_order_and_can_be_taken_up_anywhere(number in 0_u32..100_000) {
            let script = script(0);
            let at = script.instant(number);
            prop_assert!(script.instant(number + 1) > at);
            prop_assert_eq!(script.first_at_or_after(at), number);
            let after = at + TimeDelta::nanoseconds(1);
            prop_assert_eq!(script.first_at_or_after(after), number + 1);
        }
    }
}
