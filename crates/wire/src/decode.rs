//! Strict decoding of requests: every bad field is named at once, in words fit for a form.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use crate::envelope::Dialect;
use crate::error::FieldErrors;
use crate::open::Words;

/// A value that can be read strictly from JSON, noting every fault under the field it is in.
pub trait Decode: Sized {
    /// Reads the value found at field path `at`, for example `volumes.0.mount_path`.
    /// `None` means that at least one fault was noted in `errors`.
    fn decode(value: Value, at: &str, errors: &mut FieldErrors) -> Option<Self>;
}

/// A request body: a JSON object whose every field is known.
pub trait DecodeFields: Sized {
    /// Fields that this dialect requires beyond what the type itself does, each with the sentence
    /// that asks for it.
    fn required_in(_dialect: Dialect) -> &'static [(&'static str, &'static str)] {
        &[]
    }

    /// Turns the other shapes that a body may have into an object with these fields.
    fn lift(body: Value) -> Value {
        body
    }

    /// Reads the fields. `None` means that at least one fault was noted.
    fn decode_fields(fields: &mut Fields<'_>) -> Option<Self>;
}

/// Reads a whole request body.
///
/// # Errors
/// Every bad, missing and unknown field, by its path.
pub fn decode_body<T: DecodeFields>(body: Value, dialect: Dialect) -> Result<T, FieldErrors> {
    let mut errors = FieldErrors::default();
    for (name, words) in T::required_in(dialect) {
        if body.get(name).is_none_or(Value::is_null) {
            errors.add(name, *words);
        }
    }
    let decoded = decode_object(T::lift(body), "", &mut errors);
    match decoded {
        Some(decoded) if errors.is_empty() => Ok(decoded),
        _ => Err(errors),
    }
}

/// Reads the query part of a URL, given as decoded name and value pairs.
///
/// # Errors
/// Every bad, missing, repeated and unknown parameter, by its name.
pub fn decode_query<T: DecodeFields>(
    pairs: impl IntoIterator<Item = (String, String)>,
) -> Result<T, FieldErrors> {
    let mut errors = FieldErrors::default();
    let mut map = Map::new();
    for (name, text) in pairs {
        if map.contains_key(&name) {
            errors.add(&name, "Give this parameter once.");
        }
        map.insert(name, Value::String(text));
    }
    let decoded = decode_object(Value::Object(map), "", &mut errors);
    match decoded {
        Some(decoded) if errors.is_empty() => Ok(decoded),
        _ => Err(errors),
    }
}

fn decode_object<T: DecodeFields>(value: Value, at: &str, errors: &mut FieldErrors) -> Option<T> {
    let Value::Object(map) = value else {
        errors.add(at, wrong_kind("an object with fields", &value));
        return None;
    };
    let faults_before = errors.len();
    let mut fields = Fields { map, at, errors };
    let decoded = T::decode_fields(&mut fields);
    fields.refuse_unknown();
    decoded.filter(|_| errors.len() == faults_before)
}

impl<T: DecodeFields> Decode for T {
    fn decode(value: Value, at: &str, errors: &mut FieldErrors) -> Option<Self> {
        decode_object(value, at, errors)
    }
}

/// The fields of one JSON object that have not been read yet.
pub struct Fields<'a> {
    map: Map<String, Value>,
    at: &'a str,
    errors: &'a mut FieldErrors,
}

impl Fields<'_> {
    /// A field that must be there and not null.
    pub fn required<T: Decode>(&mut self, name: &str, words: &str) -> Option<T> {
        match self.map.remove(name) {
            None | Some(Value::Null) => {
                self.fault(name, words);
                None
            }
            Some(value) => self.read(name, value),
        }
    }

    /// A field that may be left out or null. The outer `None` means a fault.
    pub fn optional<T: Decode>(&mut self, name: &str) -> Option<Option<T>> {
        match self.map.remove(name) {
            None | Some(Value::Null) => Some(None),
            Some(value) => self.read(name, value).map(Some),
        }
    }

    /// A field that may be left out, and then is the default.
    pub fn or_default<T: Decode + Default>(&mut self, name: &str) -> Option<T> {
        self.optional(name).map(Option::unwrap_or_default)
    }

    /// A query parameter: text that is parsed, or left out.
    pub fn parameter<T>(
        &mut self,
        name: &str,
        parse: impl FnOnce(&str) -> Result<T, String>,
    ) -> Option<Option<T>> {
        match self.map.remove(name) {
            None => Some(None),
            Some(Value::String(text)) => match parse(&text) {
                Ok(value) => Some(Some(value)),
                Err(words) => {
                    self.fault(name, &words);
                    None
                }
            },
            Some(other) => {
                self.fault(name, &wrong_kind("a text", &other));
                None
            }
        }
    }

    /// Whether the field was sent, with or without a value.
    pub fn has(&self, name: &str) -> bool {
        self.map.contains_key(name)
    }

    /// Whether the field was sent as an explicit `null`.
    pub fn is_null(&self, name: &str) -> bool {
        self.map.get(name).is_some_and(Value::is_null)
    }

    /// Notes a fault of a field of this object.
    pub fn fault(&mut self, name: &str, words: &str) {
        let path = join(self.at, name);
        self.errors.add(&path, words);
    }

    /// The faults noted so far, for checks of a body as a whole.
    pub(crate) fn errors(&mut self) -> &mut FieldErrors {
        self.errors
    }

    /// Drops a field that needs no reading.
    pub(crate) fn discard(&mut self, name: &str) {
        self.map.remove(name);
    }

    fn read<T: Decode>(&mut self, name: &str, value: Value) -> Option<T> {
        let path = join(self.at, name);
        T::decode(value, &path, self.errors)
    }

    fn refuse_unknown(self) {
        for name in self.map.keys() {
            let shown: String = name.chars().take(64).collect();
            self.errors
                .add(&join(self.at, &shown), "There is no such field.");
        }
    }
}

fn join(at: &str, name: &str) -> String {
    if at.is_empty() {
        name.to_owned()
    } else {
        format!("{at}.{name}")
    }
}

fn wrong_kind(expected: &str, found: &Value) -> String {
    let found = match found {
        Value::Null => "nothing",
        Value::Bool(_) => "true or false",
        Value::Number(_) => "a number",
        Value::String(_) => "a text",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    };
    format!("This takes {expected}, not {found}.")
}

/// Reads a JSON text.
pub(crate) fn decode_text(value: Value, at: &str, errors: &mut FieldErrors) -> Option<String> {
    match value {
        Value::String(text) => Some(text),
        other => {
            errors.add(at, wrong_kind("a text", &other));
            None
        }
    }
}

/// Reads a JSON whole number; `words` says what is expected when it is none or out of range.
pub(crate) fn decode_whole(
    value: &Value,
    at: &str,
    errors: &mut FieldErrors,
    words: &str,
) -> Option<u64> {
    match value {
        Value::Number(number) => number.as_u64().or_else(|| {
            errors.add(at, words);
            None
        }),
        other => {
            errors.add(at, wrong_kind("a whole number", other));
            None
        }
    }
}

impl Decode for bool {
    fn decode(value: Value, at: &str, errors: &mut FieldErrors) -> Option<Self> {
        match value {
            Value::Bool(flag) => Some(flag),
            other => {
                errors.add(at, wrong_kind("true or false", &other));
                None
            }
        }
    }
}

impl Decode for String {
    fn decode(value: Value, at: &str, errors: &mut FieldErrors) -> Option<Self> {
        decode_text(value, at, errors)
    }
}

impl Decode for Value {
    fn decode(value: Value, _at: &str, _errors: &mut FieldErrors) -> Option<Self> {
        Some(value)
    }
}

impl<T: Decode> Decode for Vec<T> {
    fn decode(value: Value, at: &str, errors: &mut FieldErrors) -> Option<Self> {
        let Value::Array(items) = value else {
            errors.add(at, wrong_kind("a list", &value));
            return None;
        };
        let decoded: Vec<Option<T>> = items
            .into_iter()
            .enumerate()
            .map(|(index, item)| T::decode(item, &join(at, &index.to_string()), errors))
            .collect();
        decoded.into_iter().collect()
    }
}

impl<K: std::str::FromStr<Err = String> + Ord, V: Decode> Decode for BTreeMap<K, V> {
    fn decode(value: Value, at: &str, errors: &mut FieldErrors) -> Option<Self> {
        let Value::Object(entries) = value else {
            errors.add(at, wrong_kind("an object of names and values", &value));
            return None;
        };
        let mut decoded = Self::new();
        let mut whole = true;
        for (name, item) in entries {
            let path = join(at, &name.chars().take(64).collect::<String>());
            let key = name.parse::<K>().map_err(|words| errors.add(&path, words));
            let item = V::decode(item, &path, errors);
            match (key, item) {
                (Ok(key), Some(item)) => {
                    decoded.insert(key, item);
                }
                _ => whole = false,
            }
        }
        whole.then_some(decoded)
    }
}

/// Reads a value of a closed list of words, naming the choices when it is none of them.
pub(crate) fn decode_word<T: Words>(value: Value, at: &str, errors: &mut FieldErrors) -> Option<T> {
    let text = decode_text(value, at, errors)?;
    T::from_word(&text).or_else(|| {
        let choices: Vec<&str> = T::ALL.iter().map(|value| value.word()).collect();
        errors.add(at, format!("Choose one of: {}.", choices.join(", ")));
        None
    })
}
