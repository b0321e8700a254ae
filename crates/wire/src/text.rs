//! Validated texts: each rule once, with the sentence that a form shows when it is broken.

use crate::name::derive_slug;

/// Declares a text that is valid by construction.
macro_rules! text {
    ($(#[$meta:meta])* $vis:vis struct $name:ident; $check:expr) => {
        $(#[$meta])*
        #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
        $vis struct $name(String);

        impl $name {
            /// The text.
            pub fn as_str(&self) -> &str {
                &self.0
            }

            /// Checks a text and takes it over, without the white space around it.
            ///
            /// # Errors
            /// The sentence that says what this text must look like.
            pub fn new(text: &str) -> Result<Self, String> {
                let check: fn(&str) -> Result<(), &'static str> = $check;
                let text = text.trim();
                check(text).map_err(str::to_owned)?;
                Ok(Self(text.to_owned()))
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl AsRef<str> for $name {
            fn as_ref(&self) -> &str {
                &self.0
            }
        }

        impl From<$name> for String {
            fn from(text: $name) -> Self {
                text.0
            }
        }

        impl std::str::FromStr for $name {
            type Err = String;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                Self::new(text)
            }
        }

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(&self.0)
            }
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = <std::borrow::Cow<'de, str>>::deserialize(deserializer)?;
                Self::new(&text).map_err(serde::de::Error::custom)
            }
        }

        impl $crate::decode::Decode for $name {
            fn decode(
                value: serde_json::Value,
                at: &str,
                errors: &mut $crate::error::FieldErrors,
            ) -> Option<Self> {
                let text = $crate::decode::decode_text(value, at, errors)?;
                Self::new(&text).map_err(|words| errors.add(at, words)).ok()
            }
        }
    };
}
pub(crate) use text;

pub(crate) fn check(valid: bool, words: &'static str) -> Result<(), &'static str> {
    if valid { Ok(()) } else { Err(words) }
}

fn is_label(label: &str) -> bool {
    let bytes = label.as_bytes();
    (1..=63).contains(&bytes.len())
        && bytes
            .iter()
            .all(|b| b.is_ascii_alphanumeric() || *b == b'-')
        && bytes[0] != b'-'
        && bytes[bytes.len() - 1] != b'-'
}

fn is_host(host: &str) -> bool {
    host.len() <= 253 && host.split('.').all(is_label)
}

text! {
    /// A domain that ingress routes to a service: an RFC 1123 host name, or `*.` and one.
    pub struct Domain;
    |text| check(
        is_host(text.strip_prefix("*.").unwrap_or(text)),
        "A domain is letters, digits and hyphens between dots, like shop.example.com or *.example.com.",
    )
}

impl Domain {
    /// The form under which domains are compared: lower case.
    pub fn canonical(&self) -> String {
        self.as_str().to_ascii_lowercase()
    }

    /// Whether it stands for every name one level below.
    pub fn is_wildcard(&self) -> bool {
        self.as_str().starts_with("*.")
    }
}

text! {
    /// The `Host` that a health check is sent with.
    pub struct HealthCheckHost;
    |text| check(
        is_host(text),
        "A host is letters, digits and hyphens between dots, like health.example.com.",
    )
}

text! {
    /// The path that must answer 2xx for an instance to count as ready.
    pub struct HealthCheckPath;
    |text| check(
        text.starts_with('/') && text.len() <= 1024
            && text.bytes().all(|b| b.is_ascii_graphic() && b != b'#'),
        "A path starts with / and holds no spaces, like /_health/.",
    )
}

impl Default for HealthCheckPath {
    fn default() -> Self {
        Self("/_health/".to_owned())
    }
}

text! {
    /// Where a volume appears inside an instance.
    pub struct MountPath;
    |text| check(
        text.starts_with('/') && text.len() > 1 && text.len() <= 1024
            && !text.chars().any(|c| c.is_control() || c == ':' || c == ',')
            && text.split('/').all(|part| part != ".." && part != "."),
        "A mount path starts with / and holds no .., like /data.",
    )
}

text! {
    /// The name of a volume, unique in its service.
    pub struct VolumeName;
    |text| check(
        is_label(text) && text == text.to_ascii_lowercase(),
        "A volume name is 1 to 63 lower-case letters, digits and hyphens.",
    )
}

text! {
    /// A free label that services are filtered by.
    pub struct Tag;
    |text| check(
        (1..=63).contains(&text.chars().count()) && !text.chars().any(|c| c.is_control() || c.is_whitespace()),
        "A tag is 1 to 63 characters without spaces.",
    )
}

text! {
    /// A process of a service, such as `web` or `worker`.
    pub struct ProcessName;
    |text| check(
        is_label(text) && text == text.to_ascii_lowercase(),
        "A process name is 1 to 63 lower-case letters, digits and hyphens, like web.",
    )
}

impl ProcessName {
    /// The process that ingress routes to, and the only one where nothing else is said.
    pub fn web() -> Self {
        Self("web".to_owned())
    }
}

text! {
    /// The name of an environment variable.
    pub struct VariableName;
    |text| check(
        text.len() <= 255
            && text.bytes().next().is_some_and(|b| b.is_ascii_alphabetic() || b == b'_')
            && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_'),
        "A variable name is letters, digits and _, and does not start with a digit.",
    )
}

text! {
    /// A GitHub repository.
    pub struct GithubRepository;
    |text| check(
        text.split_once('/').is_some_and(|(owner, name)| {
            let part = |p: &str| (1..=100).contains(&p.len())
                && !p.starts_with('.')
                && p.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.'));
            part(owner) && part(name)
        }),
        "A repository is owner/name, like acme/api.",
    )
}

text! {
    /// A branch of a git repository.
    pub struct BranchName;
    |text| check(
        (1..=255).contains(&text.len())
            && !text.starts_with(['-', '/', '.']) && !text.ends_with(['/', '.']) && !text.ends_with(".lock")
            && !text.contains("..") && !text.contains("//") && !text.contains("@{")
            && text.bytes().all(|b| b.is_ascii_graphic() && !matches!(b, b'~' | b'^' | b':' | b'?' | b'*' | b'[' | b'\\')),
        "A branch is a git branch name, like main or release/2.4.",
    )
}

text! {
    /// A folder of a repository, relative to its root.
    pub struct Subdirectory;
    |text| check(
        (1..=255).contains(&text.len())
            && !text.starts_with('/')
            && !text.chars().any(char::is_control)
            && text.split('/').all(|part| part != ".." && part != "."),
        "A subdirectory is a path inside the repository without .., like services/api.",
    )
}

/// The value of an environment variable: any text of at most 64 KiB without a NUL.
#[derive(Clone, PartialEq, Eq)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct VariableValue(String);

impl VariableValue {
    /// The most bytes that a value may hold.
    pub const MAX_BYTES: usize = 64 * 1024;

    /// Checks a value. White space counts.
    ///
    /// # Errors
    /// The sentence that says what a value must look like.
    pub fn new(text: &str) -> Result<Self, String> {
        if text.len() > Self::MAX_BYTES {
            return Err("A value holds at most 64 KiB.".to_owned());
        }
        if text.contains('\0') {
            return Err("A value can't hold a NUL character.".to_owned());
        }
        Ok(Self(text.to_owned()))
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Debug for VariableValue {
    /// Values may be confidential: only the length is shown.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "VariableValue({} bytes)", self.0.len())
    }
}

impl From<VariableValue> for String {
    fn from(value: VariableValue) -> Self {
        value.0
    }
}

impl serde::Serialize for VariableValue {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

impl<'de> serde::Deserialize<'de> for VariableValue {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = <std::borrow::Cow<'de, str>>::deserialize(deserializer)?;
        Self::new(&text).map_err(serde::de::Error::custom)
    }
}

impl crate::decode::Decode for VariableValue {
    fn decode(
        value: serde_json::Value,
        at: &str,
        errors: &mut crate::error::FieldErrors,
    ) -> Option<Self> {
        let text = crate::decode::decode_text(value, at, errors)?;
        Self::new(&text).map_err(|words| errors.add(at, words)).ok()
    }
}

text! {
    /// The name of an org, project, environment, service or key.
    pub struct Name;
    |text| {
        check(
            (1..=63).contains(&text.chars().count()),
            "A name is 1 to 63 characters.",
        )?;
        check(
            !text.chars().any(is_invisible),
            "A name can't hold control or invisible characters.",
        )?;
        check(
            !derive_slug(text).is_empty(),
            "A name needs at least one letter or digit from a to z and 0 to 9.",
        )
    }
}

/// Control characters, and those that only steer direction or width: they make two names look alike.
pub fn is_invisible(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{00AD}' | '\u{061C}' | '\u{180E}' | '\u{200B}'..='\u{200F}'
            | '\u{2028}'..='\u{202E}' | '\u{2060}'..='\u{206F}' | '\u{FEFF}')
}
