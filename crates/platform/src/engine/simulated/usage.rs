//! What simulated instances seem to use: each of its own size, with slow waves through the day.

use std::f64::consts::TAU;
use std::time::Duration;

use sha2::{Digest, Sha256};

/// The waves of the load, in seconds.
const WAVES: [f64; 3] = [47.0, 311.0, 1_800.0];

/// Megabytes that the smallest instance has, and how many more the biggest.
const MEMORY: (f64, f64) = (24.0, 180.0);

/// Three numbers from 0 to 1 that an id stands for.
fn traits(id: &str) -> [f64; 3] {
    let digest = Sha256::digest(id.as_bytes());
    [0, 1, 2].map(|place| f64::from(digest.get(place).copied().unwrap_or_default()) / 255.0)
}

/// The processor time that an instance has used when it is so old: the integral of its load.
pub(super) fn cpu(id: &str, age: f64) -> Duration {
    let [size, phase, _] = traits(id);
    let base = 0.02 + 0.2 * size;
    let waves: f64 = WAVES
        .iter()
        .map(|wave| {
            let turn = |age: f64| (TAU * (age / wave + phase)).cos();
            base / 4.0 * wave / TAU * (turn(0.0) - turn(age))
        })
        .sum();
    Duration::try_from_secs_f64(base * age + waves).unwrap_or_default()
}

/// The memory, in bytes, of an instance that is so old: it fills its caches and then breathes.
pub(super) fn memory(id: &str, age: f64) -> u64 {
    let [_, phase, size] = traits(id);
    let full = MEMORY.0 + MEMORY.1 * size;
    let filled = 1.0 - 0.4 * (-age / 120.0).exp();
    let breath = 1.0 + 0.03 * (TAU * (age / 240.0 + phase)).sin();
    (full * filled * breath * 1_000_000.0) as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn processor_time_never_goes_back() {
        for id in ["a", "b", "c", "d"] {
            let mut before = Duration::ZERO;
            for age in 0..5_000 {
                let used = cpu(id, f64::from(age));
                assert!(used >= before, "{id} at {age}");
                before = used;
            }
            assert!(before > Duration::ZERO);
        }
    }
}
