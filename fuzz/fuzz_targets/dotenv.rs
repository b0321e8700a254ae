//! `.env` texts: what is read and written is read as the same.
#![no_main]

use libfuzzer_sys::fuzz_target;
use pilothouse_wire::dotenv::{parse, print};

fuzz_target!(|text: &str| {
    let lines = text.lines().count() + text.matches('\r').count() + 1;
    match parse(text) {
        Ok(variables) => {
            let pairs = variables
                .iter()
                .map(|(name, value)| (name.as_str(), value.as_str()));
            let written = print(pairs);
            assert_eq!(parse(&written), Ok(variables), "{written}");
        }
        Err(faults) => {
            assert!(!faults.is_empty());
            assert!(
                faults
                    .iter()
                    .all(|fault| (1..=lines).contains(&(fault.line as usize))),
                "{faults:?}"
            );
        }
    }
});
