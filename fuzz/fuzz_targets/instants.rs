//! Instants: the quick reader says what the careful one says.
#![no_main]

use chrono::{DateTime, SecondsFormat};
use libfuzzer_sys::fuzz_target;
use pilothouse_wire::instant::{instant, read};

fuzz_target!(|text: &str| {
    let careful = DateTime::parse_from_rfc3339(text).ok();
    let careful = careful.and_then(|at| at.timestamp_nanos_opt());
    let quick = read(text);
    assert_eq!(quick, careful, "{text:?}");
    if let Some(nanos) = quick {
        let written = instant(nanos).to_rfc3339_opts(SecondsFormat::AutoSi, true);
        assert_eq!(read(&written), Some(nanos));
    }
});
