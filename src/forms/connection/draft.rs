//! What was typed about a platform elsewhere, and what is made of it: pure.

use wire::endpoint::BASE;
use wire::envelope::Dialect;
use wire::error::FieldErrors;

use crate::api::connection::{Key, KeyRing, Platform};
use crate::state::keep::Keep;
use crate::state::platforms::{Known, Preset, key_for, read_place};

/// A name is at most so many characters long.
const MAX_NAME: usize = 63;
/// An address is at most so many bytes long.
const MAX_URL: usize = 2_048;
/// A key is at most so many bytes long.
const MAX_KEY: usize = 512;
/// At most so many places are told of a platform.
const MAX_PLACES: usize = 50;

/// The word for a dialect that is found out.
pub const FIND_OUT: &str = "";
/// The word for W.
pub const WORKSPACES: &str = "workspaces";
/// The word for E.
pub const ENVIRONMENTS: &str = "environments";

/// What was typed.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Draft {
    /// What it is called; empty: by its host.
    pub name: String,
    /// Where it is.
    pub url: String,
    /// The word of the dialect.
    pub dialect: String,
    /// Where its services are: one place a line.
    pub places: String,
    /// The key for it.
    pub key: String,
    /// How long the key is kept.
    pub keep: Keep,
}

impl std::fmt::Debug for Draft {
    /// Never shows the key.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Draft({} at {})", self.name, self.url)
    }
}

/// A platform as it was described, to be looked at before it is used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Described {
    /// What it is called.
    pub name: String,
    /// Where its API is.
    pub url: String,
    /// The only dialect, if one was chosen.
    pub dialect: Option<Dialect>,
    /// Where its services are.
    pub places: Vec<String>,
    /// The key for it.
    pub key: Option<Key>,
    /// How long that is kept.
    pub keep: Keep,
}

impl Draft {
    /// A platform that is known, to be changed. Its key is not shown; an empty field leaves it.
    pub fn of_known(known: &Known) -> Self {
        Self {
            name: known.name.clone(),
            url: known.url.clone(),
            dialect: word(known.offer.dialect()).to_owned(),
            places: known.places.join("\n"),
            key: String::new(),
            keep: key_for(&known.name).map_or_else(Keep::default, |(_, keep)| keep),
        }
    }

    /// A platform that whoever hosts the page has named.
    pub fn of_preset(preset: &Preset) -> Self {
        Self {
            name: preset.name.clone(),
            url: preset.url.clone(),
            dialect: word(preset.dialect).to_owned(),
            places: preset.places.join("\n"),
            ..Self::default()
        }
    }

    /// What was described.
    ///
    /// # Errors
    /// Every fault, by field: `name`, `url`, `places`, `key`.
    pub fn read(&self) -> Result<Described, FieldErrors> {
        let mut errors = FieldErrors::default();
        let mut note = |field: &str, read: Result<_, String>| {
            read.map_err(|words| errors.add(field, words))
                .unwrap_or_default()
        };
        let url: String = note("url", base(&self.url));
        let name = note("name", name(&self.name, &url));
        let places = places(&self.places).map_err(|words| errors.add("places", words));
        let key = key(&self.key).map_err(|words| errors.add("key", words));
        match (places, key) {
            (Ok(places), Ok(key)) if errors.is_empty() => Ok(Described {
                name,
                url,
                dialect: match self.dialect.as_str() {
                    WORKSPACES => Some(Dialect::Workspace),
                    ENVIRONMENTS => Some(Dialect::Environment),
                    _ => None,
                },
                places,
                key,
                keep: self.keep,
            }),
            _ => Err(errors),
        }
    }
}

impl Described {
    /// What is looked at. A key that was not typed is the one that is kept for a platform of this name
    /// at this address.
    pub fn platform(&self, kept: Option<&Known>) -> Platform {
        let is_same = kept.is_some_and(|kept| kept.name == self.name && kept.url == self.url);
        let kept_key = || key_for(&self.name).filter(|_| is_same).map(|(key, _)| key);
        Platform {
            name: self.name.clone(),
            base: self.url.clone(),
            key: KeyRing::of(self.key.clone().or_else(kept_key)),
            places: self
                .places
                .iter()
                .filter_map(|place| read_place(place))
                .collect(),
            ..Platform::default()
        }
    }
}

fn word(dialect: Option<Dialect>) -> &'static str {
    match dialect {
        None => FIND_OUT,
        Some(Dialect::Workspace) => WORKSPACES,
        Some(Dialect::Environment) => ENVIRONMENTS,
    }
}

/// Where the API is: an address of a host alone has it at its usual path.
fn base(text: &str) -> Result<String, String> {
    let text = text.trim().trim_end_matches('/');
    if text.is_empty() {
        return Err("Give its address, like https://platform.example.".to_owned());
    }
    let rest = ["https://", "http://"]
        .iter()
        .find_map(|scheme| text.strip_prefix(scheme))
        .ok_or("An address begins with https:// or http://.")?;
    let (host, path) = rest.split_once('/').unwrap_or((rest, ""));
    let is_odd = |c: char| c.is_whitespace() || c.is_control() || "\\<>\"{}|^`".contains(c);
    if host.is_empty() || text.len() > MAX_URL || text.contains(is_odd) {
        return Err("This is no address. Copy it from where its API is described.".to_owned());
    }
    if host.contains('@') {
        return Err("Leave the name and password out: the key has a field of its own.".to_owned());
    }
    if text.contains(['?', '#']) {
        return Err("Leave out what follows the path.".to_owned());
    }
    Ok(match path {
        "" => format!("{text}{BASE}"),
        _ => text.to_owned(),
    })
}

fn name(text: &str, url: &str) -> Result<String, String> {
    let host = url.split('/').nth(2).unwrap_or_default();
    let name = match text.trim() {
        "" => host,
        name => name,
    };
    match name.chars().count() {
        ..=MAX_NAME => Ok(name.to_owned()),
        _ => Err(format!("A name is at most {MAX_NAME} characters long.")),
    }
}

fn places(text: &str) -> Result<Vec<String>, String> {
    let lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
    let places: Vec<String> = lines.map(str::to_owned).collect();
    if let Some(odd) = places.iter().find(|place| read_place(place).is_none()) {
        return Err(format!(
            "“{odd}” is no place: write workspace/project or org/project/environment."
        ));
    }
    match places.len() {
        ..=MAX_PLACES => Ok(places),
        _ => Err(format!("Give at most {MAX_PLACES} places.")),
    }
}

fn key(text: &str) -> Result<Option<Key>, String> {
    let text = text.trim();
    // What can't stand in a header was not copied from where keys are shown.
    match text.len() <= MAX_KEY && text.bytes().all(|byte| byte.is_ascii_graphic()) {
        true => Ok(Key::read(text)),
        false => Err("This is no key: paste it whole, and nothing else.".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(url: &str, places: &str) -> Result<Described, FieldErrors> {
        let draft = Draft {
            url: url.into(),
            places: places.into(),
            key: " ph_key ".into(),
            ..Draft::default()
        };
        draft.read()
    }

    #[test]
    fn a_host_alone_has_the_api_at_its_usual_path() {
        let url = |text| read(text, "").map(|described| (described.url, described.name));
        let usual = (
            "https://a.example:8443/api/v1".into(),
            "a.example:8443".into(),
        );
        assert_eq!(url("https://a.example:8443/"), Ok(usual));
        let other = ("http://127.0.0.1:80/v2".into(), "127.0.0.1:80".into());
        assert_eq!(url("http://127.0.0.1:80/v2/"), Ok(other));
    }

    #[test]
    fn what_is_no_address_is_refused_with_a_reason() {
        for bad in [
            "",
            "a.example",
            "javascript:alert(1)",
            "https://",
            "https://user:secret@a.example",
            "https://a.example/?x=1",
            "https://a.example/#x",
            "https://a b.example",
        ] {
            let errors = read(bad, "").unwrap_err();
            assert_eq!(errors.of("url").len(), 1, "{bad}");
            assert!(!errors.of("url")[0].contains("secret"));
        }
    }

    #[test]
    fn places_are_one_a_line() {
        let places = read("https://a.example", "acme/shop\n\n acme/shop/staging \n").unwrap();
        assert_eq!(places.places, ["acme/shop", "acme/shop/staging"]);
        let errors = read("https://a.example", "acme").unwrap_err();
        assert!(errors.of("places")[0].contains("acme"));
    }

    #[test]
    fn a_key_fits_a_header_and_is_not_printed() {
        let draft = Draft {
            url: "https://a.example".into(),
            key: "one\ntwo".into(),
            ..Draft::default()
        };
        assert!(!draft.read().unwrap_err().of("key").is_empty());
        assert!(!format!("{draft:?}").contains("one"));
        let described = read("https://a.example", "").unwrap();
        assert_eq!(described.key, Key::read("ph_key"));
        assert!(!format!("{described:?}").contains("ph_key"));
    }
}
