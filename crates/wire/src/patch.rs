//! The three things that a field of an update can say: nothing, "clear it", or a new value.

use serde::{Serialize, Serializer};
use serde_json::Value;

use crate::decode::{Decode, Fields};

/// One field of an update.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Patch<T> {
    /// Left out: unchanged.
    #[default]
    Keep,
    /// An explicit `null`: the optional field is cleared.
    Clear,
    /// A new value.
    Set(T),
}

impl<T> Patch<T> {
    /// Whether the field is left out.
    pub fn is_keep(&self) -> bool {
        matches!(self, Self::Keep)
    }

    /// Applies the change to an optional value.
    pub fn apply(self, to: &mut Option<T>) {
        match self {
            Self::Keep => {}
            Self::Clear => *to = None,
            Self::Set(value) => *to = Some(value),
        }
    }

    /// Applies the change to a value whose cleared form is the default.
    pub fn apply_or_default(self, to: &mut T)
    where
        T: Default,
    {
        match self {
            Self::Keep => {}
            Self::Clear => *to = T::default(),
            Self::Set(value) => *to = value,
        }
    }

    /// The change that leads from `before` to `after`.
    pub fn between(before: Option<&T>, after: Option<T>) -> Self
    where
        T: PartialEq,
    {
        if before == after.as_ref() {
            Self::Keep
        } else {
            after.map_or(Self::Clear, Self::Set)
        }
    }

    /// The same change of another type.
    pub fn map<U>(self, f: impl FnOnce(T) -> U) -> Patch<U> {
        match self {
            Self::Keep => Patch::Keep,
            Self::Clear => Patch::Clear,
            Self::Set(value) => Patch::Set(f(value)),
        }
    }
}

impl<T: Serialize> Serialize for Patch<T> {
    /// `Keep` must be skipped by the struct (`skip_serializing_if = "Patch::is_keep"`).
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Keep | Self::Clear => serializer.serialize_none(),
            Self::Set(value) => serializer.serialize_some(value),
        }
    }
}

impl<T: Decode> Decode for Patch<T> {
    fn decode(value: Value, at: &str, errors: &mut crate::error::FieldErrors) -> Option<Self> {
        match value {
            Value::Null => Some(Self::Clear),
            value => T::decode(value, at, errors).map(Self::Set),
        }
    }
}

impl Fields<'_> {
    /// A field of an update that can be cleared.
    pub fn patch<T: Decode>(&mut self, name: &str) -> Option<Patch<T>> {
        if !self.has(name) {
            return Some(Patch::Keep);
        }
        if self.is_null(name) {
            self.discard(name);
            return Some(Patch::Clear);
        }
        self.optional(name)
            .map(|value| value.map_or(Patch::Keep, Patch::Set))
    }

    /// A field of an update that always has a value: an explicit `null` is a fault.
    pub fn replacement<T: Decode>(&mut self, name: &str) -> Option<Option<T>> {
        if self.is_null(name) {
            self.discard(name);
            self.fault(name, "This can't be empty: leave the field out to keep it.");
            return None;
        }
        self.optional(name)
    }
}
