//! Numbered lines at a steady rate, for tests of log intake.

use std::io::{self, Write};
use std::thread;
use std::time::{Duration, Instant};

use crate::config::Chatter;

/// Lines are written in bunches, one a tick.
const TICK: Duration = Duration::from_millis(10);

/// Prints in a thread of its own until all lines are out or nobody reads any more.
pub(crate) fn start(chatter: Chatter) -> io::Result<()> {
    let talk = move || {
        let _ = print(chatter, &mut io::stdout());
    };
    thread::Builder::new().name("chatter".into()).spawn(talk)?;
    Ok(())
}

fn print(chatter: Chatter, out: &mut impl Write) -> io::Result<()> {
    let total = chatter.total.unwrap_or(u64::MAX);
    let started = Instant::now();
    let mut printed = 0;
    while printed < total {
        let due = lines_due(chatter.rate, started.elapsed()).min(total);
        out.write_all(&bunch(printed, due))?;
        out.flush()?;
        printed = due.max(printed);
        thread::sleep(TICK);
    }
    Ok(())
}

/// The lines that should be out by now; the first is due at once.
fn lines_due(rate: u32, elapsed: Duration) -> u64 {
    let micros = u64::try_from(elapsed.as_micros()).unwrap_or(u64::MAX);
    micros.saturating_mul(u64::from(rate)) / 1_000_000 + 1
}

/// The lines after `printed` up to and including number `due`, as text.
fn bunch(printed: u64, due: u64) -> Vec<u8> {
    let mut text = String::new();
    for number in printed + 1..=due {
        text.push_str(&format!("line {number:06} of the log intake test\n"));
    }
    text.into_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rate_decides_what_is_due() {
        assert_eq!(lines_due(20_000, Duration::ZERO), 1);
        assert_eq!(lines_due(20_000, Duration::from_millis(500)), 10_001);
        assert_eq!(lines_due(1, Duration::from_secs(3)), 4);
    }

    #[test]
    fn exactly_the_total_is_printed_in_order() {
        let mut out = Vec::new();
        let chatter = Chatter {
            rate: 1_000_000,
            total: Some(1234),
        };
        print(chatter, &mut out).unwrap();
        let text = String::from_utf8(out).unwrap();
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines.len(), 1234);
        assert!(lines[0].starts_with("line 000001 "));
        assert!(lines[1233].starts_with("line 001234 "));
    }
}
