//! Enumerations that stay open: a value this build does not know is kept and shown, never a crash.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// An enumeration whose values have one spelling each on the wire.
pub trait Words: Copy + Eq + 'static {
    /// Every known value, in the order in which a form offers them.
    const ALL: &'static [Self];

    /// The spelling on the wire.
    fn word(self) -> &'static str;

    /// The value with this spelling.
    fn from_word(word: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|value| value.word() == word)
    }
}

/// A value of `T`, or the text of a value that a newer platform knows and this build does not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Open<T> {
    /// A value this build knows.
    Known(T),
    /// Any other value, as it was sent.
    Unknown(String),
}

impl<T: Words> Open<T> {
    /// The spelling on the wire.
    pub fn word(&self) -> &str {
        match self {
            Self::Known(value) => value.word(),
            Self::Unknown(word) => word,
        }
    }

    /// The value, where this build knows it.
    pub fn known(&self) -> Option<T> {
        match self {
            Self::Known(value) => Some(*value),
            Self::Unknown(_) => None,
        }
    }
}

impl<T> From<T> for Open<T> {
    fn from(value: T) -> Self {
        Self::Known(value)
    }
}

impl<T: Words> fmt::Display for Open<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

impl<T: Words> Serialize for Open<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.word())
    }
}

impl<'de, T: Words> Deserialize<'de> for Open<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let word = String::deserialize(deserializer)?;
        Ok(match T::from_word(&word) {
            Some(value) => Self::Known(value),
            None => Self::Unknown(word),
        })
    }
}

/// Declares an enumeration with one spelling a value, for [`Words`], `Display` and serde.
macro_rules! words {
    ($(#[$meta:meta])* $vis:vis enum $name:ident { $($(#[$value_meta:meta])* $value:ident = $word:literal),+ $(,)? }) => {
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
        $vis enum $name { $($(#[$value_meta])* #[cfg_attr(feature = "openapi", schema(rename = $word))] $value),+ }

        impl $crate::open::Words for $name {
            const ALL: &'static [Self] = &[$(Self::$value),+];

            fn word(self) -> &'static str {
                match self { $(Self::$value => $word),+ }
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str($crate::open::Words::word(*self))
            }
        }

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str($crate::open::Words::word(*self))
            }
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let word = <std::borrow::Cow<'de, str>>::deserialize(deserializer)?;
                $crate::open::Words::from_word(&word)
                    .ok_or_else(|| serde::de::Error::custom(format_args!("'{word}' is not a known value")))
            }
        }
    };
}
pub(crate) use words;
