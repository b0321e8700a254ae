//! Validated numbers: each range once, with the sentence that a form shows outside it.

/// Declares a whole number that is in range by construction.
macro_rules! quantity {
    ($(#[$meta:meta])* $vis:vis struct $name:ident($inner:ty); $min:literal..=$max:literal, $words:literal) => {
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
        $vis struct $name($inner);

        impl $name {
            /// The least valid value.
            pub const MIN: $inner = $min;
            /// The greatest valid value.
            pub const MAX: $inner = $max;
            const WORDS: &'static str = $words;

            /// Checks a number.
            ///
            /// # Errors
            /// The sentence that says what the range is.
            pub fn new(number: u64) -> Result<Self, String> {
                <$inner>::try_from(number)
                    .ok()
                    .filter(|number| (Self::MIN..=Self::MAX).contains(number))
                    .map(Self)
                    .ok_or_else(|| Self::WORDS.to_owned())
            }

            /// The number.
            pub fn get(self) -> $inner {
                self.0
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                self.0.fmt(f)
            }
        }

        impl std::str::FromStr for $name {
            type Err = String;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                text.trim()
                    .parse::<u64>()
                    .map_err(|_| Self::WORDS.to_owned())
                    .and_then(Self::new)
            }
        }

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                self.0.serialize(serializer)
            }
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                Self::new(u64::deserialize(deserializer)?).map_err(serde::de::Error::custom)
            }
        }

        impl $crate::decode::Decode for $name {
            fn decode(
                value: serde_json::Value,
                at: &str,
                errors: &mut $crate::error::FieldErrors,
            ) -> Option<Self> {
                let number = $crate::decode::decode_whole(&value, at, errors, Self::WORDS)?;
                Self::new(number).map_err(|words| errors.add(at, words)).ok()
            }
        }
    };
}

quantity! {
    /// The TCP port that the process `web` listens on inside its container.
    pub struct Port(u16); 1..=65535, "A port is between 1 and 65535."
}

quantity! {
    /// How many instances of a process should run. 0 pauses it.
    pub struct InstanceCount(u32); 0..=100, "Instances are between 0 and 100."
}

quantity! {
    /// The size of one volume in GB.
    pub struct VolumeSize(u32); 1..=1024, "A volume is between 1 and 1024 GB."
}

quantity! {
    /// How long a new instance may take to become healthy, in seconds.
    pub struct DeploymentTimeout(u32); 1..=3600, "A timeout is between 1 and 3600 seconds."
}

impl Default for DeploymentTimeout {
    fn default() -> Self {
        Self(180)
    }
}

quantity! {
    /// How many log lines a reply holds at the most.
    pub struct LogLimit(u32); 1..=100000, "A limit is between 1 and 100000 lines."
}

impl Default for LogLimit {
    fn default() -> Self {
        Self(1_000)
    }
}

quantity! {
    /// How many events a reply holds at the most.
    pub struct EventLimit(u32); 1..=1000, "A limit is between 1 and 1000 events."
}

impl Default for EventLimit {
    fn default() -> Self {
        Self(100)
    }
}

quantity! {
    /// A window that ends now, in seconds; at most ten years.
    pub struct Since(u32); 1..=315360000, "A window is between 1 and 315360000 seconds."
}

quantity! {
    /// The way from one point of a series to the next, in seconds.
    pub struct Step(u32); 1..=86400, "A step is between 1 and 86400 seconds."
}

quantity! {
    /// How long a key can be used, in seconds: a minute to ten years.
    pub struct KeyLifetime(u32); 60..=315360000, "A key lasts between 60 and 315360000 seconds."
}

quantity! {
    /// The number of a release in its service.
    pub struct ReleaseNumber(u32); 1..=4294967295, "A release is a whole number, from 1."
}
