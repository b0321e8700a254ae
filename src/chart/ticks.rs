//! The axis of values: round numbers, in the unit that keeps them short; and values in words.

/// What values are counted in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    /// Cores of a processor.
    Cores,
    /// Bytes, told in units of 1,024.
    Bytes,
    /// How often in a second.
    PerSecond,
    /// Seconds.
    Seconds,
}

/// A line across the chart, and what is written at it.
#[derive(Clone, Debug, PartialEq)]
pub struct Tick {
    /// Where it stands.
    pub value: f64,
    /// What is written.
    pub text: String,
}

/// The axis of values, from nought up.
#[derive(Clone, Debug, PartialEq)]
pub struct Axis {
    /// The value at its upper end: that of the last tick.
    pub top: f64,
    /// From nought up.
    pub ticks: Vec<Tick>,
    /// What the numbers at the ticks are counted in.
    pub unit: &'static str,
}

const KIB: f64 = 1_024.0;
const BYTES: [(f64, &str); 5] = [
    (1.0, "B"),
    (KIB, "KiB"),
    (KIB * KIB, "MiB"),
    (KIB * KIB * KIB, "GiB"),
    (KIB * KIB * KIB * KIB, "TiB"),
];
const SECONDS: [(f64, &str); 4] = [(1e-6, "µs"), (1e-3, "ms"), (1.0, "s"), (60.0, "min")];
/// A time is told in minutes from so many seconds on: `90 s` reads better than `1.5 min`.
const SECONDS_UP_TO: f64 = 120.0;

impl Unit {
    /// The factor and the name of the unit in which a value of this size is told.
    fn sized(self, value: f64) -> (f64, &'static str) {
        let size = value.abs();
        let largest = |units: &[(f64, &'static str)]| {
            let fitting = units.iter().rev().find(|(factor, _)| size >= *factor);
            fitting.or(units.first()).copied().unwrap_or((1.0, ""))
        };
        match self {
            Self::Cores => (1.0, "cores"),
            Self::PerSecond => (1.0, "/s"),
            Self::Bytes => largest(&BYTES),
            Self::Seconds if size < SECONDS_UP_TO => largest(&SECONDS[..3]),
            Self::Seconds => largest(&SECONDS),
        }
    }

    /// The greatest value of an axis on which nothing happens.
    fn calm(self) -> f64 {
        match self {
            Self::Cores => 0.1,
            Self::Bytes => KIB * KIB,
            Self::PerSecond => 1.0,
            Self::Seconds => 1e-3,
        }
    }

    /// A value with three digits and its unit: `0.46 cores`, `932 MiB`, `51 /s`, `210 ms`.
    pub fn words(self, value: f64) -> String {
        let (factor, unit) = self.sized(value);
        format!("{} {unit}", number(value / factor))
    }

    /// The same without the unit where it is never another.
    pub fn short(self, value: f64) -> String {
        match self {
            Self::Cores => number(value),
            _ => self.words(value),
        }
    }
}

/// The axis for values up to `greatest`, with so many ticks above nought at the most.
pub fn axis(unit: Unit, greatest: Option<f64>, most: u32) -> Axis {
    let greatest = greatest.filter(|value| *value > 0.0);
    let greatest = greatest.unwrap_or_else(|| unit.calm());
    let (factor, name) = unit.sized(greatest);
    let step = round_step(greatest / factor / f64::from(most.max(1)));
    let count = (greatest / factor / step - 1e-9).ceil().max(1.0) as u32;
    let decimals = decimals(step);
    let ticks: Vec<Tick> = (0..=count)
        .map(|place| {
            let amount = step * f64::from(place);
            Tick {
                value: amount * factor,
                text: grouped(&format!("{amount:.decimals$}")),
            }
        })
        .collect();
    Axis {
        top: ticks.last().map_or(greatest, |tick| tick.value),
        ticks,
        unit: name,
    }
}

/// The least of 1, 2 and 5, times a power of ten, that is not less.
fn round_step(least: f64) -> f64 {
    let power = 10f64.powf(least.log10().floor());
    let digits = [1.0, 2.0, 5.0, 10.0];
    let fitting = digits
        .iter()
        .find(|digit| *digit * power >= least * (1.0 - 1e-9));
    fitting.unwrap_or(&10.0) * power
}

/// How many digits after the point a round step needs.
fn decimals(step: f64) -> usize {
    (-(step.log10() + 1e-9).floor()).clamp(0.0, 9.0) as usize
}

/// A number with three digits that count, and no noughts at its end.
pub fn number(value: f64) -> String {
    let size = value.abs();
    if size < 1e-9 {
        return "0".to_owned();
    }
    let decimals = (2.0 - (size.log10() + 1e-9).floor()).clamp(0.0, 9.0) as usize;
    let text = format!("{value:.decimals$}");
    let text = match text.contains('.') {
        true => text.trim_end_matches('0').trim_end_matches('.'),
        false => &text,
    };
    grouped(text)
}

/// Digits with a comma after each three before the point.
fn grouped(text: &str) -> String {
    let (whole, rest) = text.split_at(text.find('.').unwrap_or(text.len()));
    let mut words = String::with_capacity(text.len() + 4);
    for (place, digit) in whole.char_indices() {
        let left = whole.len() - place;
        if place > 0 && left % 3 == 0 && !words.ends_with('-') {
            words.push(',');
        }
        words.push(digit);
    }
    words + rest
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn texts(unit: Unit, greatest: f64) -> (Vec<String>, &'static str) {
        let axis = axis(unit, Some(greatest), 4);
        let texts = axis.ticks.into_iter().map(|tick| tick.text).collect();
        (texts, axis.unit)
    }

    #[test]
    fn ticks_are_round_in_the_unit_that_fits() {
        let of = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect();
        let mib = KIB * KIB;
        assert_eq!(
            texts(Unit::Cores, 0.98),
            (of(&["0.0", "0.5", "1.0"]), "cores")
        );
        assert_eq!(
            texts(Unit::Bytes, 996.0 * mib),
            (of(&["0", "500", "1,000"]), "MiB")
        );
        assert_eq!(
            texts(Unit::Bytes, 3.2 * KIB * mib),
            (of(&["0", "1", "2", "3", "4"]), "GiB")
        );
        assert_eq!(
            texts(Unit::PerSecond, 77.0),
            (of(&["0", "20", "40", "60", "80"]), "/s")
        );
        assert_eq!(
            texts(Unit::PerSecond, 0.02),
            (of(&["0.000", "0.005", "0.010", "0.015", "0.020"]), "/s")
        );
        assert_eq!(
            texts(Unit::Seconds, 0.288),
            (of(&["0", "100", "200", "300"]), "ms")
        );
        assert_eq!(
            texts(Unit::Seconds, 7.5),
            (of(&["0", "2", "4", "6", "8"]), "s")
        );
    }

    #[test]
    fn where_nothing_happens_the_axis_stands_all_the_same() {
        assert_eq!(axis(Unit::PerSecond, None, 4).top, 1.0);
        assert_eq!(axis(Unit::PerSecond, Some(0.0), 4).top, 1.0);
        assert_eq!(axis(Unit::Bytes, None, 4).unit, "MiB");
    }

    #[test]
    fn values_have_three_digits_and_a_unit() {
        assert_eq!(Unit::Cores.words(0.4567), "0.457 cores");
        assert_eq!(Unit::Cores.short(0.4567), "0.457");
        assert_eq!(Unit::Cores.words(0.0), "0 cores");
        assert_eq!(Unit::Cores.words(0.5), "0.5 cores");
        assert_eq!(Unit::Bytes.words(932.4 * KIB * KIB), "932 MiB");
        assert_eq!(Unit::Bytes.words(12.0), "12 B");
        assert_eq!(Unit::PerSecond.words(1_234.5), "1,234 /s");
        assert_eq!(Unit::Seconds.words(0.2104), "210 ms");
        assert_eq!(Unit::Seconds.words(90.0), "90 s");
        assert_eq!(Unit::Seconds.words(600.0), "10 min");
        assert_eq!(Unit::Seconds.words(0.000_042), "42 µs");
        assert_eq!(grouped("-123"), "-123");
        assert_eq!(grouped("-1234567.5"), "-1,234,567.5");
    }

    proptest! {
        #[test]
        fn the_axis_holds_all_values_in_few_ticks(greatest in 1e-7..1e14_f64, most in 1..8_u32) {
            for unit in [Unit::Cores, Unit::Bytes, Unit::PerSecond, Unit::Seconds] {
                let axis = axis(unit, Some(greatest), most);
                prop_assert!(axis.top >= greatest * (1.0 - 1e-6), "{} below {greatest}", axis.top);
                prop_assert!(axis.ticks.len() <= most as usize + 1);
                prop_assert!(axis.ticks.is_sorted_by(|a, b| a.value < b.value));
            }
        }
    }
}
