//! Looks for two bytes of a text at once, at the distance that they have in it: 64 places a step. Of
//! a text of many bytes the two that are rarest tell most places apart, so that few are looked at
//! closely; of a byte that is rare enough no other one is asked for.

use wide::u8x16;

/// Places that are looked at in a step.
const STEP: usize = 64;

/// A byte of the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Probe {
    /// Its place in the text.
    at: usize,
    /// What it is, with `case` set.
    byte: u8,
    /// The bit that tells capitals from small letters, where they are not told apart.
    case: u8,
}

/// A byte is rare enough alone where it is less than one of so many.
const RARE: usize = 256;

/// Two bytes of a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Pair {
    rarest: Probe,
    /// The same one where that is enough.
    other: Probe,
    /// The length of the text.
    len: usize,
}

impl Pair {
    /// Chooses the two bytes that a sample of what is searched holds least often. `None` of no text.
    pub(super) fn of(text: &[u8], tells_case: bool, sample: &[u8]) -> Option<Self> {
        let fold = |byte: u8| match tells_case {
            true => byte,
            false => byte.to_ascii_lowercase(),
        };
        let mut counts = [0_usize; 256];
        for byte in sample {
            counts[usize::from(fold(*byte))] += 1;
        }
        let count = |probe: &Probe| counts[usize::from(probe.byte)];
        let probe = |(at, byte): (usize, &u8)| Probe {
            at,
            byte: fold(*byte),
            case: match !tells_case && byte.is_ascii_alphabetic() {
                true => 0x20,
                false => 0,
            },
        };
        let mut probes: Vec<Probe> = text.iter().enumerate().map(probe).collect();
        probes.sort_by_key(count);
        let (rarest, others) = probes.split_first()?;
        let is_rare = count(rarest) * RARE < sample.len();
        // Twice the same byte tells less than another one that is little more frequent.
        let differs = others.iter().find(|other| other.byte != rarest.byte);
        let other = differs.or(others.first()).filter(|_| !is_rare);
        Some(Self {
            rarest: *rarest,
            other: *other.unwrap_or(rarest),
            len: text.len(),
        })
    }

    /// Calls back for each place of these bytes that has both, in order. What it answers is the place
    /// to go on from, which is past the one that it was told.
    #[inline]
    pub(super) fn each(&self, bytes: &[u8], mut near: impl FnMut(usize) -> usize) {
        let folds = self.rarest.case | self.other.case != 0;
        match (folds, self.rarest == self.other) {
            (false, false) => self.each_of::<false, false>(bytes, &mut near),
            (false, true) => self.each_of::<false, true>(bytes, &mut near),
            (true, false) => self.each_of::<true, false>(bytes, &mut near),
            (true, true) => self.each_of::<true, true>(bytes, &mut near),
        };
    }

    #[inline]
    fn each_of<const FOLDS: bool, const ALONE: bool>(
        &self,
        bytes: &[u8],
        near: &mut impl FnMut(usize) -> usize,
    ) -> Option<()> {
        // Behind the last of these places the text has no room.
        let places = (bytes.len() + 1).checked_sub(self.len)?;
        let of = |probe: Probe| bytes.get(probe.at..probe.at + places);
        let (rarest, other) = (of(self.rarest)?, of(self.other)?);
        let (rarest_steps, rarest_rest) = rarest.as_chunks::<STEP>();
        let (other_steps, other_rest) = other.as_chunks::<STEP>();
        let wanted = (
            Wanted::<FOLDS>::new(self.rarest),
            Wanted::<FOLDS>::new(self.other),
        );
        let (mut step, mut from) = (0, 0);
        while let (Some(rarest), Some(other)) = (rarest_steps.get(step), other_steps.get(step)) {
            let mut hits = hits::<FOLDS, ALONE>(rarest, other, &wanted);
            if hits == 0 {
                step += 1;
                continue;
            }
            let start = step * STEP;
            hits &= since(from, start);
            while hits != 0 {
                from = near(start + hits.trailing_zeros() as usize);
                hits &= since(from, start);
            }
            step = (step + 1).max(from / STEP);
        }
        let is_near = |probe: Probe, byte: u8| byte | probe.case == probe.byte;
        let start = rarest_steps.len() * STEP;
        for (at, (rarest, other)) in (start..).zip(rarest_rest.iter().zip(other_rest)) {
            if at >= from && is_near(self.rarest, *rarest) && is_near(self.other, *other) {
                from = near(at);
            }
        }
        Some(())
    }
}

/// The bits of the places of a step that are not before this one.
#[inline]
fn since(from: usize, start: usize) -> u64 {
    match from.saturating_sub(start) {
        before if before < STEP => u64::MAX << before,
        _ => 0,
    }
}

/// A byte that is looked for in sixteen places at once.
struct Wanted<const FOLDS: bool> {
    byte: u8x16,
    case: u8x16,
}

impl<const FOLDS: bool> Wanted<FOLDS> {
    fn new(probe: Probe) -> Self {
        Self {
            byte: u8x16::splat(probe.byte),
            case: u8x16::splat(probe.case),
        }
    }

    #[inline]
    fn is_at(&self, bytes: [u8; 16]) -> u8x16 {
        let bytes = u8x16::new(bytes);
        match FOLDS {
            true => (bytes | self.case).simd_eq(self.byte),
            false => bytes.simd_eq(self.byte),
        }
    }
}

/// A bit for each place that has both bytes.
#[inline]
fn hits<const FOLDS: bool, const ALONE: bool>(
    rarest: &[u8; STEP],
    other: &[u8; STEP],
    wanted: &(Wanted<FOLDS>, Wanted<FOLDS>),
) -> u64 {
    let (rarest, _) = rarest.as_chunks::<16>();
    let (other, _) = other.as_chunks::<16>();
    let are = |n: usize| match ALONE {
        true => wanted.0.is_at(rarest[n]),
        false => wanted.0.is_at(rarest[n]) & wanted.1.is_at(other[n]),
    };
    let four = [are(0), are(1), are(2), are(3)];
    if !((four[0] | four[1]) | (four[2] | four[3])).any() {
        return 0;
    }
    let bits = four.map(|one| u64::from(one.to_bitmask()));
    bits[0] | bits[1] << 16 | bits[2] << 32 | bits[3] << 48
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::{any, prop_assert_eq, proptest};

    #[test]
    fn the_rarest_bytes_are_looked_for() {
        let pair = Pair::of(b"eexeye", true, b"eeeeeeeexxxy").unwrap();
        assert_eq!((pair.rarest.at, pair.other.at), (4, 2));
        let pair = Pair::of(b"eexeye", true, "e".repeat(300).as_bytes()).unwrap();
        assert_eq!((pair.rarest.at, pair.other.at), (2, 2), "rare enough alone");
        let pair = Pair::of(b"ZZ", false, b"").unwrap();
        assert_eq!((pair.rarest.byte, pair.other.byte), (b'z', b'z'));
        assert_eq!((pair.rarest.at, pair.other.at), (0, 1));
        let pair = Pair::of(b"-", false, b"").unwrap();
        assert_eq!(pair.rarest, pair.other);
        assert_eq!(pair.rarest.case, 0);
        assert!(Pair::of(b"", true, b"").is_none());
    }

    proptest! {
        #[test]
        fn no_place_is_missed(
            before in proptest::collection::vec(any::<u8>(), 0..200),
            text in proptest::collection::vec(any::<u8>(), 1..20),
            after in proptest::collection::vec(any::<u8>(), 0..80),
        ) {
            let bytes = [&*before, &*text, &*after].concat();
            let pair = Pair::of(&text, true, &bytes).unwrap();
            let mut found = Vec::new();
            pair.each(&bytes, |at| {
                found.extend((bytes.get(at..at + text.len()) == Some(&*text)).then_some(at));
                at + 1
            });
            let windows = bytes.windows(text.len()).enumerate();
            let wanted = windows.filter(|(_, window)| *window == text).map(|(at, _)| at);
            let wanted: Vec<_> = wanted.collect();
            prop_assert_eq!(found, wanted);
        }

        #[test]
        fn it_goes_on_where_it_is_told(
            text in "[ab]{0,400}",
            strides in proptest::collection::vec(0_usize..150, 1..9),
        ) {
            let pair = Pair::of(b"a", true, b"").unwrap();
            let next = |from: usize| Some(from + text.get(from..)?.find('a')?);
            let mut wanted = Vec::new();
            let mut places = strides.iter().cycle().scan(0, |from, stride| {
                let at = next(*from)?;
                *from = at + 1 + stride;
                Some(at)
            });
            wanted.extend(places.by_ref());
            let (mut strides, mut found) = (strides.iter().cycle(), Vec::new());
            pair.each(text.as_bytes(), |at| {
                found.push(at);
                at + 1 + strides.next().unwrap()
            });
            prop_assert_eq!(found, wanted);
        }
    }
}
