//! Frames of an engine's log: the same lines, however they are cut.
#![no_main]

use libfuzzer_sys::fuzz_target;
use pilothouse::fuzzing::frames;

fuzz_target!(|data: &[u8]| {
    let lines = frames(&[data]);
    let newlines = data.iter().filter(|byte| **byte == b'\n').count();
    assert!(lines.len() <= newlines + 1);
    assert!(lines.iter().all(|line| !line.message.contains('\n')));
    // The engine cuts no instant, which stands at the beginning of a frame: lines are what it cuts at.
    let parts: Vec<&[u8]> = data.split_inclusive(|byte| *byte == b'\n').collect();
    let messages = |lines: &[pilothouse::engine::EngineLine]| -> Vec<String> {
        lines.iter().map(|line| line.message.clone()).collect()
    };
    assert_eq!(messages(&frames(&parts)), messages(&lines));
});
