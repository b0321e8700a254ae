//! `pilothouse-probe PORT [PATH [HOST]]`: whether the service of this container is well, for the health
//! check of a Docker engine. It exits 0 where it is, and 1 where it is not, with the reason on standard
//! output.
//!
//! Engines start a health check again a fixed pause after the last one ended, and each start costs a
//! process in a container. So the pause is short, and the probe decides how long it stays: until the
//! service answers for the first time, and from then on for half a minute of looks, or until the service
//! is not well.

mod look;
mod patience;

use std::io::Write;
use std::path::Path;
use std::process::ExitCode;

use look::Check;

/// Remembers that the service has answered once. Every container has this folder, in memory.
const WAS_READY: &str = "/dev/shm/.pilothouse-ready";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let outcome = Check::parse(&arguments).and_then(|check| run(&check));
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(why) => {
            // Whoever asked may have stopped listening.
            let _ = writeln!(std::io::stdout(), "{why}");
            ExitCode::FAILURE
        }
    }
}

fn run(check: &Check) -> Result<(), String> {
    let was_ready = Path::new(WAS_READY);
    if was_ready.exists() {
        return patience::stay(|| check.look());
    }
    patience::wait(|| check.look())?;
    // Where it can't be remembered each start is one look: dearer, and as good.
    let _ = std::fs::write(was_ready, "");
    Ok(())
}
