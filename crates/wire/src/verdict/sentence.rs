//! A verdict in words: in one sentence, or figure by figure; how many requests they come from, and
//! what they are worth.

use super::{Comparison, Finding, LEAST_REQUESTS, Period, Test, Verdict, VerdictState};

/// `Since v12, 42 min against the 42 min before: errors 0.2 % → 3.1 % (…).`
pub fn sentence(verdict: &Verdict) -> String {
    let release = verdict.release;
    match verdict.state.known() {
        Some(VerdictState::NotServed) => {
            return format!("v{release} has not served long enough to compare anything.");
        }
        Some(VerdictState::FirstRelease) => {
            return format!(
                "v{release} is the first release that served: there is nothing before it to compare with."
            );
        }
        Some(VerdictState::NotMeasured) => {
            return format!("Nothing is kept of what was measured around the start of v{release}.");
        }
        _ => {}
    }
    let (Some(before), Some(after)) = (&verdict.before, &verdict.after) else {
        return String::new();
    };
    let length = length((after.end - after.start).num_seconds());
    let subject = match verdict.serves {
        true => format!("Since v{release}"),
        false => format!("v{release}"),
    };
    let mut parts = requests(verdict, before, after);
    parts.extend(memory(verdict, before, after));
    parts.push(restarts(
        before.restarts,
        after.restarts,
        verdict.restarts.as_ref(),
    ));
    format!(
        "{subject}, {length} against the {length} of v{} before: {}.",
        before.release,
        parts.join(", ")
    )
}

/// One thing that was measured in both windows, in words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Figure {
    /// `Errors`.
    pub name: &'static str,
    /// What it was.
    pub before: String,
    /// What it became.
    pub after: String,
    /// What the difference is worth; empty where that was not tested.
    pub worth: String,
}

/// What was measured, figure by figure; nothing where nothing was compared.
pub fn figures(verdict: &Verdict) -> Vec<Figure> {
    let (Some(before), Some(after)) = (&verdict.before, &verdict.after) else {
        return Vec::new();
    };
    let figure = |name, value: &dyn Fn(&Period) -> String, worth: String| Figure {
        name,
        before: value(before),
        after: value(after),
        worth,
    };
    let worth_of = |one: &Option<Comparison>| one.as_ref().map(worth).unwrap_or_default();
    let mut figures = Vec::new();
    if before.counted && after.counted {
        let errors = |one: &Period| match one.requests {
            0 => "none".to_owned(),
            all => format!(
                "{}, {}",
                grouped(one.errors),
                percent(one.errors as f64 / all as f64)
            ),
        };
        let p95 = |one: &Period| match one.latency_p95 {
            Some(seconds) => milliseconds(seconds, seconds).1,
            None => "none".to_owned(),
        };
        figures.push(figure(
            "Requests",
            &|one| grouped(one.requests),
            String::new(),
        ));
        figures.push(figure("Errors", &errors, worth_of(&verdict.errors)));
        figures.push(figure("p95", &p95, worth_of(&verdict.latency)));
    }
    if before.memory.is_some() && after.memory.is_some() {
        let memory = |one: &Period| format!("{:.0} MB", one.memory.unwrap_or_default() / 1e6);
        let scaled = if verdict.scaled {
            "scaled meanwhile"
        } else {
            ""
        };
        figures.push(figure("Memory", &memory, scaled.to_owned()));
    }
    let restarts = |one: &Period| grouped(one.restarts);
    figures.push(figure("Restarts", &restarts, worth_of(&verdict.restarts)));
    figures
}

/// What was answered: errors and times.
fn requests(verdict: &Verdict, before: &Period, after: &Period) -> Vec<String> {
    if !before.counted || !after.counted {
        return vec!["no requests were counted, as they are for services with domains".to_owned()];
    }
    let counts = format!(
        "{} of {} before, {} of {} after",
        grouped(before.errors),
        grouped(before.requests),
        grouped(after.errors),
        grouped(after.requests)
    );
    let says = |one: &&Comparison| one.finding.known() != Some(Finding::TooLittle);
    let (errors, latency) = (verdict.errors.as_ref(), verdict.latency.as_ref());
    let (errors, latency) = match (errors, latency) {
        (Some(errors), Some(latency)) if says(&errors) || says(&latency) => (errors, latency),
        _ => {
            return vec![format!(
                "too little traffic to say (errors {counts}, of at least {LEAST_REQUESTS} requests each)"
            )];
        }
    };
    let share = |period: &Period| percent(period.errors as f64 / period.requests.max(1) as f64);
    let mut parts = vec![format!(
        "errors {} → {} ({counts}; {})",
        share(before),
        share(after),
        worth(errors)
    )];
    if let (Some(was), Some(is)) = (before.latency_p95, after.latency_p95) {
        let (was, is) = milliseconds(was, is);
        parts.push(format!("p95 {was} → {is} ({})", worth(latency)));
    }
    parts
}

/// What a comparison found, and how.
fn worth(comparison: &Comparison) -> String {
    let seen = match comparison.finding.known() {
        Some(Finding::TooLittle) => return "too little to say".to_owned(),
        Some(Finding::NoneSeen) => "no difference seen, ",
        _ => "",
    };
    let test = match comparison.test.known() {
        Some(Test::Fisher) => "Fisher's exact test",
        Some(Test::Quantile) => "quantile test",
        Some(Test::Binomial) => "binomial test",
        None => comparison.test.word(),
    };
    format!("{seen}{test}, {}", probability(comparison.p_value))
}

fn memory(verdict: &Verdict, before: &Period, after: &Period) -> Option<String> {
    let (was, is) = (before.memory?, after.memory?);
    if was <= 0.0 {
        return None;
    }
    let change = ((is / was - 1.0) * 100.0).round();
    let change = match change {
        0.0 => "unchanged".to_owned(),
        up if up > 0.0 => format!("+{up} %"),
        down => format!("−{} %", -down),
    };
    Some(match verdict.scaled {
        true => format!("memory {change} (scaled meanwhile)"),
        false => format!("memory {change}"),
    })
}

fn restarts(before: u64, after: u64, comparison: Option<&Comparison>) -> String {
    let restarts = match after {
        0 => "no restarts".to_owned(),
        1 => "1 restart".to_owned(),
        many => format!("{} restarts", grouped(many)),
    };
    let is_found =
        |one: &&Comparison| matches!(one.finding.known(), Some(Finding::Worse | Finding::Better));
    match comparison.filter(is_found) {
        Some(one) => format!("{restarts} (before: {}; {})", grouped(before), worth(one)),
        None => format!("{restarts} (before: {})", grouped(before)),
    }
}

/// `p < 0.001`, `p = 0.004`.
fn probability(p: f64) -> String {
    match p {
        p if p < 0.001 => "p < 0.001".to_owned(),
        p => format!("p = {p:.3}"),
    }
}

/// A share: `0 %`, `0.02 %`, `3.1 %`, `98 %`. What is not nothing is not told as nothing, nor what
/// is not all as all.
fn percent(share: f64) -> String {
    let percent = share * 100.0;
    let digits = match percent {
        p if p <= 0.0 || p >= 9.95 => 0,
        p if p >= 0.095 => 1,
        p if p >= 0.009_5 => 2,
        p if p >= 0.001 => 3,
        _ => return "< 0.001 %".to_owned(),
    };
    if share < 1.0 && percent > 99.0 {
        return "> 99 %".to_owned();
    }
    format!("{percent:.digits$} %")
}

/// Two times in the same unit, with as many digits as tell them apart.
fn milliseconds(was: f64, is: f64) -> (String, String) {
    let in_seconds = was.max(is) >= 10.0;
    let (scale, unit) = if in_seconds {
        (1.0, "s")
    } else {
        (1_000.0, "ms")
    };
    let digits = usize::from(was.min(is) * scale < 10.0);
    let words = |time: f64| format!("{:.digits$}", time * scale);
    (words(was), format!("{} {unit}", words(is)))
}

/// `45 s`, `42 min`, `1 h`.
fn length(seconds: i64) -> String {
    match seconds {
        ..120 => format!("{} s", seconds.max(0)),
        120..3_600 => format!("{} min", seconds / 60),
        _ if seconds % 3_600 < 60 => format!("{} h", seconds / 3_600),
        _ => format!("{} h {} min", seconds / 3_600, seconds / 60 % 60),
    }
}

/// A count with a comma after each three digits.
fn grouped(count: u64) -> String {
    let digits = count.to_string();
    let mut words = String::with_capacity(digits.len() + digits.len() / 3);
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            words.push(',');
        }
        words.push(digit);
    }
    words
}

#[cfg(test)]
mod tests {
    use chrono::{DateTime, TimeDelta, Utc};

    use super::*;
    use crate::open::Open;

    fn period(release: u32, requests: u64, errors: u64) -> Period {
        let start = DateTime::<Utc>::UNIX_EPOCH + TimeDelta::hours(i64::from(release));
        Period {
            start,
            end: start + TimeDelta::minutes(42),
            release,
            counted: true,
            requests,
            errors,
            latency_p95: Some(0.12),
            memory: Some(200e6),
            ..Period::default()
        }
    }

    fn comparison(finding: Finding, test: Test, p_value: f64) -> Option<Comparison> {
        Some(Comparison {
            finding: Open::Known(finding),
            test: Open::Known(test),
            p_value,
        })
    }

    fn verdict() -> Verdict {
        Verdict {
            previous: Some(11),
            serves: true,
            before: Some(period(11, 2_010, 4)),
            after: Some(Period {
                latency_p95: Some(0.118_2),
                memory: Some(206e6),
                restarts: 2,
                ..period(12, 2_004, 62)
            }),
            errors: comparison(Finding::Worse, Test::Fisher, 1e-9),
            latency: comparison(Finding::NoneSeen, Test::Quantile, 0.6),
            restarts: comparison(Finding::TooLittle, Test::Binomial, 0.5),
            ..Verdict::without(12, VerdictState::Worse)
        }
    }

    #[test]
    fn a_verdict_is_one_sentence_with_its_sample_sizes() {
        assert_eq!(
            sentence(&verdict()),
            "Since v12, 42 min against the 42 min of v11 before: errors 0.2 % → 3.1 % (4 of 2,010 \
             before, 62 of 2,004 after; Fisher's exact test, p < 0.001), p95 120 → 118 ms (no \
             difference seen, quantile test, p = 0.600), memory +3 %, 2 restarts (before: 0)."
        );
    }

    #[test]
    fn it_claims_no_more_than_it_shows() {
        let mut few = verdict();
        few.serves = false;
        few.scaled = true;
        few.before = Some(period(11, 20, 0));
        few.after = Some(period(12, 31, 1));
        few.errors = comparison(Finding::TooLittle, Test::Fisher, 1.0);
        few.latency = comparison(Finding::TooLittle, Test::Quantile, 1.0);
        assert_eq!(
            sentence(&few),
            "v12, 42 min against the 42 min of v11 before: too little traffic to say (errors 0 of \
             20 before, 1 of 31 after, of at least 100 requests each), memory unchanged (scaled \
             meanwhile), no restarts (before: 0)."
        );
        let mut internal = verdict();
        for period in [&mut internal.before, &mut internal.after] {
            period.as_mut().unwrap().counted = false;
        }
        (internal.errors, internal.latency) = (None, None);
        assert!(sentence(&internal).contains("no requests were counted"));
        for state in [
            VerdictState::NotServed,
            VerdictState::FirstRelease,
            VerdictState::NotMeasured,
        ] {
            let words = sentence(&Verdict::without(3, state));
            assert!(words.contains("v3") && words.ends_with('.'), "{words}");
        }
    }

    #[test]
    fn figures_tell_the_same() {
        let told = figures(&verdict());
        let names: Vec<&str> = told.iter().map(|figure| figure.name).collect();
        assert_eq!(names, ["Requests", "Errors", "p95", "Memory", "Restarts"]);
        let errors = &told[1];
        assert_eq!(
            (errors.before.as_str(), errors.after.as_str()),
            ("4, 0.2 %", "62, 3.1 %")
        );
        assert_eq!(errors.worth, "Fisher's exact test, p < 0.001");
        assert!(figures(&Verdict::without(1, VerdictState::FirstRelease)).is_empty());
    }

    #[test]
    fn shares_are_never_rounded_to_nothing_or_all() {
        let shares = [0.0, 0.000_004, 0.000_21, 0.002, 0.031, 0.5, 0.999, 1.0];
        let words = [
            "0 %",
            "< 0.001 %",
            "0.02 %",
            "0.2 %",
            "3.1 %",
            "50 %",
            "> 99 %",
            "100 %",
        ];
        assert_eq!(shares.map(percent), words);
    }

    #[test]
    fn times_are_told_in_one_unit() {
        let told = |was, is| milliseconds(was, is);
        let words = |(was, is): (String, String)| format!("{was} → {is}");
        assert_eq!(words(told(0.12, 0.118_2)), "120 → 118 ms");
        assert_eq!(words(told(0.001_24, 0.002)), "1.2 → 2.0 ms");
        assert_eq!(words(told(2.5, 31.0)), "2.5 → 31.0 s");
        assert_eq!(
            [45, 2_520, 3_600, 5_400].map(length),
            ["45 s", "42 min", "1 h", "1 h 30 min"]
        );
    }
}
