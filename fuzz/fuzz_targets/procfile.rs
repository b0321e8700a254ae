//! Procfiles and their commands.
#![no_main]

use libfuzzer_sys::fuzz_target;
use pilothouse::fuzzing::{argv, procfile};

fuzz_target!(|text: &str| {
    let Ok(processes) = procfile(text) else {
        return;
    };
    let written: String = processes
        .iter()
        .map(|(name, command)| format!("{name}: {command}\n"))
        .collect();
    assert_eq!(procfile(&written).as_ref(), Ok(&processes));
    for command in processes.values() {
        assert!(!argv(command).is_empty(), "{command:?}");
    }
});
