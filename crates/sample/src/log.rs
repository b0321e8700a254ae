//! Lines on standard output and standard error. A reader that went away is no reason to stop.

use std::io::{self, Write};

/// Writes one line to standard output.
pub(crate) fn info(line: &str) {
    write_line(&mut io::stdout().lock(), line);
}

/// Writes one line to standard error.
pub(crate) fn error(line: &str) {
    write_line(&mut io::stderr().lock(), line);
}

/// One write for line and end, so that no other process's output comes between.
fn write_line(out: &mut impl Write, line: &str) {
    let _ = out
        .write_all(format!("{line}\n").as_bytes())
        .and_then(|()| out.flush());
}
