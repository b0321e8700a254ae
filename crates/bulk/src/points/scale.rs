//! From what is measured to where it is drawn, and back: of values and of time alike.

/// A linear scale.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Scale {
    from: (f64, f64),
    to: (f64, f64),
}

impl Scale {
    /// What is between `from` is drawn between `to`.
    pub fn new(from: (f64, f64), to: (f64, f64)) -> Self {
        Self { from, to }
    }

    /// Where a value is drawn. A scale of no length draws everything at its beginning.
    pub fn place(&self, value: f64) -> f64 {
        self.to.0 + (value - self.from.0) * self.slope()
    }

    /// What is drawn at a place.
    pub fn value(&self, place: f64) -> f64 {
        match self.slope() {
            0.0 => self.from.0,
            slope => self.from.0 + (place - self.to.0) / slope,
        }
    }

    /// How far apart two values are drawn that differ by one.
    pub fn slope(&self) -> f64 {
        let length = self.from.1 - self.from.0;
        match length == 0.0 || !length.is_finite() {
            true => 0.0,
            false => (self.to.1 - self.to.0) / length,
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_ends_are_drawn_at_the_ends() {
        let scale = Scale::new((100.0, 200.0), (40.0, 540.0));
        assert_eq!(scale.place(100.0), 40.0);
        assert_eq!(scale.place(200.0), 540.0);
        assert_eq!(scale.value(290.0), 150.0);
    }

    #[test]
    fn no_length_is_drawn_at_the_beginning() {
        let scale = Scale::new((5.0, 5.0), (0.0, 100.0));
        assert_eq!(scale.place(7.0), 0.0);
        assert_eq!(scale.value(70.0), 5.0);
    }

    proptest! {
        #[test]
        fn there_and_back(value in -1e6..1e6_f64, start in -1e6..1e6_f64, length in 1.0..1e6_f64) {
            let scale = Scale::new((start, start + length), (40.0, 1_040.0));
            let again = scale.value(scale.place(value));
            prop_assert!((again - value).abs() <= 1e-3, "{value} became {again}");
        }
    }
}
