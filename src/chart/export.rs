//! Series as a table of comma-separated values: a row for each moment, a column for each series.

use bulk::points::series::Line;
use chrono::{DateTime, SecondsFormat};

/// The table. What was not measured is left empty.
pub fn csv(columns: &[(&str, &Line)]) -> String {
    let mut text = String::from("time");
    for (name, _) in columns {
        text.push(',');
        text.push_str(name);
    }
    text.push_str("\r\n");
    for time in moments(columns.iter().map(|(_, line)| *line)) {
        text.push_str(&moment(time));
        for (_, line) in columns {
            text.push(',');
            if let Some(value) = value_at(line, time) {
                text.push_str(&value.to_string());
            }
        }
        text.push_str("\r\n");
    }
    text
}

/// Every moment at which one of the lines has a point, oldest first.
pub fn moments<'a>(lines: impl Iterator<Item = &'a Line>) -> Vec<f64> {
    let mut all: Vec<f64> = lines.flat_map(Line::times).copied().collect();
    all.sort_by(f64::total_cmp);
    all.dedup();
    all
}

/// The value of the point at exactly this moment.
pub fn value_at(line: &Line, time: f64) -> Option<f64> {
    let place = line.times().partition_point(|at| *at < time);
    let (at, value) = line.get(place)?;
    (at == time).then_some(value)
}

fn moment(time: f64) -> String {
    let at = DateTime::from_timestamp_millis((time * 1e3) as i64);
    at.map(|at| at.to_rfc3339_opts(SecondsFormat::AutoSi, true))
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_moment_is_a_row_and_what_is_missing_stays_empty() {
        let first = Line::new(
            5.0,
            [(1_776_871_800.0, 0.125), (1_776_871_805.0, 0.1 + 0.2)],
        );
        let second = Line::new(5.0, [(1_776_871_805.0, 41_943_040.0)]);
        let text = csv(&[("cpu_usage", &first), ("memory_usage", &second)]);
        assert_eq!(
            text,
            "time,cpu_usage,memory_usage\r\n\
             2026-04-22T15:30:00Z,0.125,\r\n\
             2026-04-22T15:30:05Z,0.30000000000000004,41943040\r\n"
        );
    }

    #[test]
    fn no_series_is_a_head_alone() {
        assert_eq!(csv(&[]), "time\r\n");
    }
}
