//! Log patterns: every line is in one of them.
#![no_main]

use std::borrow::Cow;

use bulk::lines::patterns::Patterns;
use bulk::lines::reply::Row;
use bulk::lines::store::Store;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let mut store = Store::unbounded();
    for (at, message) in (0_i64..).zip(text.lines().take(2_000)) {
        let row = Row {
            at: at * 1_000_000_000,
            instance: Cow::Borrowed("web.0"),
            is_error: false,
            message: Cow::Borrowed(message),
        };
        assert!(store.push(row).is_none());
    }
    let mut patterns = Patterns::default();
    assert!(patterns.work(&store, &mut || true));
    let lines = store.numbers().1 - store.numbers().0;
    let counted: u64 = patterns
        .list(&store)
        .iter()
        .map(|pattern| u64::try_from(pattern.count).unwrap())
        .sum();
    assert!(counted <= lines, "{counted} of {lines}");
});
