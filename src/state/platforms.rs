//! The platforms elsewhere that this browser knows, the keys for them, and which one a tab is
//! connected to.

use serde::{Deserialize, Serialize};
use wire::envelope::Dialect;
use wire::offer::Offer;
use wire::path::Scope;

pub use super::keep::Keep;
use crate::api::Connection;
use crate::api::connection::{Key, KeyRing, Platform};

/// More platforms than this are not remembered.
pub const MOST: usize = 50;

const LIST: &str = "pilothouse.platforms";
const CURRENT: &str = "pilothouse.platform";
const KEY: &str = "pilothouse.key.";

/// The file beside the page in which whoever hosts it names platforms.
pub const PRESETS: &str = "/config.json";

/// A platform elsewhere.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Known {
    /// What it is called: unique in this browser.
    pub name: String,
    /// Where its API is, without a slash at the end.
    pub url: String,
    /// What it answers, as it was found out.
    pub offer: Offer,
    /// Where its services are, for one that does not tell: `acme/shop/production`.
    #[serde(default)]
    pub places: Vec<String>,
}

/// A platform that whoever hosts the page has named. Nothing is known of what it answers.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Preset {
    /// What it is called.
    pub name: String,
    /// Where it is.
    pub url: String,
    /// What it speaks; found out where nothing is said.
    #[serde(default)]
    pub dialect: Option<Dialect>,
    /// Where its services are.
    #[serde(default)]
    pub places: Vec<String>,
}

/// What whoever hosts the page has set.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Hosted {
    /// Platforms to connect to.
    #[serde(default)]
    pub connections: Vec<Preset>,
    /// Whether the page is served by a platform.
    #[serde(default = "yes")]
    pub own: bool,
}

fn yes() -> bool {
    true
}

impl Default for Hosted {
    fn default() -> Self {
        Self {
            connections: Vec::new(),
            own: true,
        }
    }
}

/// Reads what whoever hosts the page has set; what can't be read sets nothing.
pub fn read_presets(file: &[u8]) -> Hosted {
    let mut hosted: Hosted = serde_json::from_slice(file).unwrap_or_default();
    hosted.connections.truncate(MOST);
    hosted
}

/// Reads a place: `workspace/project` or `org/project/environment`.
pub fn read_place(text: &str) -> Option<Scope> {
    let parts: Vec<&str> = text.split('/').map(str::trim).collect();
    if parts.iter().any(|part| part.is_empty()) {
        return None;
    }
    match parts.as_slice() {
        [workspace, project] => Some(Scope::Workspace {
            workspace: (*workspace).to_owned(),
            project: (*project).to_owned(),
        }),
        [org, project, environment] => Some(Scope::Environment {
            org: (*org).to_owned(),
            project: (*project).to_owned(),
            environment: (*environment).to_owned(),
        }),
        _ => None,
    }
}

impl Known {
    /// The platform, with the key that is kept for it.
    pub fn platform(&self) -> Platform {
        let speaks = |scope: &Scope| {
            let only = self.offer.dialect();
            only.is_none_or(|only| scope.dialect() == only)
        };
        let places = self.places.iter().filter_map(|place| read_place(place));
        Platform {
            name: self.name.clone(),
            base: self.url.clone(),
            key: KeyRing::of(key_for(&self.name).map(|(key, _)| key)),
            offer: self.offer.clone(),
            places: places.filter(speaks).collect(),
        }
    }
}

/// Every platform that is remembered.
pub fn all() -> Vec<Known> {
    let text = Keep::Device.read(LIST);
    let list = text.and_then(|text| serde_json::from_str(&text).ok());
    list.unwrap_or_default()
}

/// Remembers a platform in the place of one of the same name, and its key for as long as was chosen.
pub fn remember(known: &Known, key: Option<&Key>, keep: Keep) {
    let mut list = all();
    match list.iter_mut().find(|one| one.name == known.name) {
        Some(one) => *one = known.clone(),
        None => list.push(known.clone()),
    }
    let surplus = list.len().saturating_sub(MOST);
    list.drain(..surplus);
    write(&list);
    keep_key(&known.name, key, keep);
}

/// Remembers what a platform answers by now, and leaves all else.
pub fn remember_offer(known: &Known) {
    let key = key_for(&known.name);
    let (key, keep) = key.map_or((None, Keep::Tab), |(key, keep)| (Some(key), keep));
    remember(known, key.as_ref(), keep);
}

/// Keeps a key for a platform, for as long as was chosen and nowhere else.
pub fn keep_key(name: &str, key: Option<&Key>, keep: Keep) {
    let name = format!("{KEY}{name}");
    for place in [Keep::Tab, Keep::Device] {
        let key = key.filter(|_| place == keep);
        place.write(&name, key.map(Key::expose));
    }
}

/// The key that is kept for a platform, and for how long.
pub fn key_for(name: &str) -> Option<(Key, Keep)> {
    let name = format!("{KEY}{name}");
    let kept = |keep: Keep| Some((Key::read(&keep.read(&name)?)?, keep));
    kept(Keep::Tab).or_else(|| kept(Keep::Device))
}

/// Forgets a platform and its key.
pub fn forget(name: &str) {
    let mut list = all();
    list.retain(|one| one.name != name);
    write(&list);
    keep_key(name, None, Keep::Tab);
    if current().is_some_and(|current| current.name == name) {
        choose(None);
    }
}

fn write(list: &[Known]) {
    // A list of texts can always be written.
    let text = serde_json::to_string(list).unwrap_or_default();
    Keep::Device.write(
        LIST,
        Some(&text).filter(|_| !list.is_empty()).map(String::as_str),
    );
}

/// The word for the platform that served the page.
const OWN: &str = "";

/// The platform that this tab is connected to: the one that was chosen in it, else the last one that
/// was chosen in any. Nothing: the one that served the page.
pub fn current() -> Option<Known> {
    let chosen = Keep::Tab
        .read(CURRENT)
        .or_else(|| Keep::Device.read(CURRENT))?;
    all().into_iter().find(|known| known.name == chosen)
}

/// Connects this tab, and those that are opened from now on, to another platform, or to the one that
/// served the page. It shows with the next page load.
pub fn choose(name: Option<&str>) {
    Keep::Tab.write(CURRENT, Some(name.unwrap_or(OWN)));
    Keep::Device.write(CURRENT, name);
}

/// How this page load is connected.
pub fn connection() -> Connection {
    match current() {
        Some(known) => Connection::to(known.platform()),
        None => Connection::same_origin(),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::{prop_assert, proptest};

    use super::*;

    #[test]
    fn a_place_is_of_the_dialect_that_has_so_many_parts() {
        let dialect = |text| read_place(text).map(|scope| scope.dialect());
        assert_eq!(dialect("acme/shop"), Some(Dialect::Workspace));
        assert_eq!(
            dialect(" acme / shop/production"),
            Some(Dialect::Environment)
        );
        for bad in ["", "acme", "acme//x", "a/b/c/d", "/a/b"] {
            assert_eq!(dialect(bad), None, "{bad}");
        }
    }

    #[test]
    fn what_whoever_hosts_the_page_has_set_is_read_tolerantly() {
        let hosted = read_presets(
            br#"{"own": false, "connections": [
                {"name": "A", "url": "https://a.example", "extra": 1},
                {"name": "B", "url": "https://b.example", "dialect": "workspaces", "places": ["x/y"]}
            ]}"#,
        );
        assert!(!hosted.own);
        assert_eq!(hosted.connections.len(), 2);
        assert_eq!(hosted.connections[0].dialect, None);
        assert_eq!(hosted.connections[1].dialect, Some(Dialect::Workspace));
        for broken in [&b"<html>"[..], b"", b"[]", b"{\"connections\": 3}"] {
            assert_eq!(read_presets(broken), Hosted::default());
        }
    }

    proptest! {
        #[test]
        fn no_file_and_no_place_breaks_it(bytes: Vec<u8>, text: String) {
            let hosted = read_presets(&bytes);
            prop_assert!(hosted.connections.len() <= MOST);
            read_place(&text);
        }
    }
}
