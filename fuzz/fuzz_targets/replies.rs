//! Log replies and the lines in them: colours, objects, what is drawn.
#![no_main]

use bulk::lines::ansi::{Style, plain, spans};
use bulk::lines::json::{fields, is_object};
use bulk::lines::line::{LineKey, columns, harmless, runs, shortened};
use bulk::lines::needle::Needle;
use bulk::lines::reply::read;
use libfuzzer_sys::fuzz_target;
use pilothouse_wire::envelope::Dialect;

fn look(line: &str) {
    let whole: String = spans(line, &mut Style::default())
        .iter()
        .map(|span| span.text)
        .collect();
    assert_eq!(plain(line), whole.as_str());
    assert_eq!(harmless(&harmless(line)), harmless(line));
    assert_eq!(is_object(line), !fields(line).is_empty());
    let (text, rest) = shortened(line);
    assert_eq!(text.chars().count() + rest, line.chars().count());
    let drawn = harmless(&plain(text)).into_owned();
    let needle = Needle::new(line.get(..3).unwrap_or("a"), false, line.as_bytes());
    for needle in [None, needle.as_ref()] {
        let (runs, _) = runs(line, needle);
        let said: String = runs.iter().map(|run| run.text.as_str()).collect();
        assert_eq!(said, drawn);
    }
    columns(line);
}

fuzz_target!(|data: &[u8]| {
    if let Ok(text) = std::str::from_utf8(data) {
        look(text);
    }
    for dialect in [Dialect::Workspace, Dialect::Environment] {
        let Ok(reply) = read(dialect, data) else {
            continue;
        };
        let (first, end) = reply.lines.numbers();
        for number in first..end {
            let line = reply.lines.get(number).unwrap();
            look(line.message);
            let key = LineKey::of(&line);
            assert_eq!(LineKey::read(&key.written()), Some(key));
        }
    }
});
