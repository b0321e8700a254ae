//! Exact tests of two counts. No distribution is assumed of what is measured, and none is
//! approximated: the probabilities are summed, however small or large the counts are.
//!
//! - Two shares: Fisher's exact test (R. A. Fisher, "Statistical Methods for Research Workers", 5th
//!   edition 1934, §21.02), two-sided as the sum of all tables with the same margins that are no
//!   more probable than the one seen (A. Agresti, "Categorical Data Analysis", 2nd edition 2002,
//!   §3.5.1), which is what R's `fisher.test` and SciPy's `fisher_exact` tell.
//! - Two counts over equal times: the exact test of two Poisson means (J. Przyborowski, H. Wilenski,
//!   Biometrika 31, 1940), which is the binomial test of one of them against half of both.
//!
//! Both take what is counted as independent. Requests that fail together make them too sure, which
//! is one reason for the low level of [`pilothouse_wire::verdict::LEVEL`].

/// What differs less than this is equally probable: the weights are rounded.
const EQUAL: f64 = 1.0 + 1e-7;
/// Weights below this part of the greatest add nothing to a sum.
const NOTHING: f64 = 1e-30;

/// So many of so many.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Share {
    pub(super) part: u64,
    pub(super) whole: u64,
}

/// How probable shares at least as unlike as these are where both are drawn alike.
pub(super) fn fisher(one: Share, other: Share) -> f64 {
    let (n, m) = (one.whole, other.whole);
    let part = one.part.min(n) + other.part.min(m);
    let least = part.saturating_sub(m);
    let most = part.min(n);
    // The weight of k + 1 in the first against that of k.
    let up = |k: u64| {
        let stays = (m + k + 1 - part) as f64;
        ((n - k) as f64 / (k + 1) as f64) * ((part - k) as f64 / stays)
    };
    two_sided(one.part.min(n), least..=most, up)
}

/// How probable counts at least as unlike as these are where both are of the same mean.
pub(super) fn binomial(one: u64, other: u64) -> f64 {
    let both = one + other;
    two_sided(one, 0..=both, |k| (both - k) as f64 / (k + 1) as f64)
}

/// The sum of the probabilities of all that is no more probable than `seen`, of a distribution that
/// rises to one greatest weight and falls again. `up` is the weight of `k + 1` against that of `k`.
fn two_sided(seen: u64, range: std::ops::RangeInclusive<u64>, up: impl Fn(u64) -> f64) -> f64 {
    let (least, most) = (*range.start(), *range.end());
    let top = greatest(least, most, &up);
    let mut all = 1.0;
    let mut weights_of_seen = if seen == top { Some(1.0) } else { None };
    let mut weights = vec![1.0];
    let mut weight = 1.0;
    for k in top..most {
        weight *= up(k);
        if weight < NOTHING {
            break;
        }
        if k + 1 == seen {
            weights_of_seen = Some(weight);
        }
        all += weight;
        weights.push(weight);
    }
    weight = 1.0;
    for k in (least..top).rev() {
        weight /= up(k);
        if weight < NOTHING {
            break;
        }
        if k == seen {
            weights_of_seen = Some(weight);
        }
        all += weight;
        weights.push(weight);
    }
    // So far from the top that nothing is left of it.
    let Some(of_seen) = weights_of_seen else {
        return 0.0;
    };
    let unlike: f64 = weights
        .iter()
        .filter(|weight| **weight <= of_seen * EQUAL)
        .sum();
    (unlike / all).min(1.0)
}

/// The value with the greatest weight: the first from which the weights do not rise any more.
fn greatest(least: u64, most: u64, up: &impl Fn(u64) -> f64) -> u64 {
    let (mut low, mut high) = (least, most);
    while low < high {
        let middle = low + (high - low) / 2;
        match up(middle) > 1.0 {
            true => low = middle + 1,
            false => high = middle,
        }
    }
    low
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn share((part, whole): (u64, u64)) -> Share {
        Share { part, whole }
    }

    fn close(told: f64, expected: f64) -> bool {
        (told - expected).abs() <= expected * 1e-6 + 1e-15
    }

    /// Values that were computed apart from this, in whole numbers.
    #[test]
    fn shares_have_the_probabilities_of_the_books() {
        for (one, other, expected) in [
            // Fisher's tea.
            ((3, 4), (1, 4), 0.485_714_285_714),
            ((8, 10), (1, 6), 0.034_965_034_965),
            ((1, 12), (9, 12), 0.002_759_456_185),
            ((4, 2_010), (62, 2_004), 6.723_036_940_023e-15),
            ((10, 200), (25, 210), 0.013_363_332_599),
            ((1, 24), (9, 12), 2.103_177_199_690e-5),
            ((3, 1_000), (3, 10), 1.379_990_281_526e-5),
            ((100, 100_000), (150, 100_000), 0.001_871_010_979),
            ((0, 20), (20, 20), 1.450_888_910_385e-11),
            ((10, 20), (9, 20), 1.0),
            ((0, 10), (0, 10), 1.0),
            ((0, 0), (3, 10), 1.0),
        ] {
            let told = fisher(share(one), share(other));
            assert!(close(told, expected), "{one:?} {other:?}: {told}");
            assert!(close(fisher(share(other), share(one)), expected));
        }
    }

    #[test]
    fn counts_have_the_probabilities_of_the_books() {
        for (one, other, expected) in [
            (0, 7, 0.015_625),
            (0, 8, 0.007_812_5),
            (3, 12, 0.035_156_25),
            (5, 25, 0.000_324_914_232),
            (100, 140, 0.011_664_092_318),
            (10, 10, 1.0),
            (0, 0, 1.0),
        ] {
            let told = binomial(one, other);
            assert!(close(told, expected), "{one} {other}: {told}");
        }
    }

    #[test]
    fn the_least_of_requests_tells_what_its_text_says() {
        use pilothouse_wire::verdict::{LEAST_REQUESTS, LEVEL};
        let of = |part| share((part, LEAST_REQUESTS));
        assert!(fisher(of(0), of(8)) < LEVEL && fisher(of(0), of(7)) >= LEVEL);
    }

    #[test]
    fn a_hundred_million_requests_are_no_trouble() {
        let many = 100_000_000;
        let alike = fisher(share((many / 2, many)), share((many / 2, many)));
        assert!(close(alike, 1.0), "{alike}");
        let unlike = fisher(share((many / 2, many)), share((many / 3, many)));
        assert!(unlike < 1e-12, "{unlike}");
        assert!(close(binomial(many, many), 1.0));
    }

    /// By the definition: the binomial coefficients of small tables fit an integer.
    fn by_definition(one: Share, other: Share) -> f64 {
        let choose = |n: u64, k: u64| -> u128 {
            (0..k).fold(1_u128, |product, i| {
                product * u128::from(n - i) / u128::from(i + 1)
            })
        };
        let part = one.part + other.part;
        let least = part.saturating_sub(other.whole);
        let weight = |k: u64| choose(one.whole, k) * choose(other.whole, part - k);
        let all: Vec<u128> = (least..=part.min(one.whole)).map(weight).collect();
        let seen = weight(one.part);
        let unlike: u128 = all.iter().filter(|one| **one <= seen).sum();
        unlike as f64 / all.iter().sum::<u128>() as f64
    }

    fn shares() -> impl Strategy<Value = Share> {
        (0_u64..=30).prop_flat_map(|whole| (0..=whole, Just(whole)).prop_map(share))
    }

    proptest! {
        #[test]
        fn small_tables_are_summed_by_the_definition(one in shares(), other in shares()) {
            let told = fisher(one, other);
            prop_assert!(close(told, by_definition(one, other)), "{told}");
        }

        #[test]
        fn it_is_a_probability_and_the_same_from_either_side(
            one in (0_u64..5_000, 0_u64..5_000), other in (0_u64..5_000, 0_u64..5_000),
        ) {
            let of = |(a, b): (u64, u64)| Share { part: a.min(b), whole: a.max(b) };
            let told = fisher(of(one), of(other));
            prop_assert!((0.0..=1.0).contains(&told));
            prop_assert!(close(fisher(of(other), of(one)), told));
            let told = binomial(one.0, other.0);
            prop_assert!((0.0..=1.0).contains(&told) && close(binomial(other.0, one.0), told));
        }
    }
}
