//! Which platform the page speaks to, how, and what that one answers.

use std::fmt;
use std::sync::{Arc, PoisonError, RwLock};

use leptos::prelude::{provide_context, use_context};
use wire::endpoint::{BASE, Endpoint};
use wire::envelope::Dialect;
use wire::offer::Offer;
use wire::path::Scope;

/// The platform behind the page. Cheap to clone.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Connection(Arc<Platform>);

/// A platform, and how it is spoken to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Platform {
    /// What people call it; empty for the one that served the page.
    pub name: String,
    /// Where its API is, without a slash at the end: `https://platform.example/api/v1`. Empty for
    /// the one that served the page.
    pub base: String,
    /// What it lets this page in with; a browser's session where there is none.
    pub key: KeyRing,
    /// What it answers.
    pub offer: Offer,
    /// Where its services are, for one that does not tell.
    pub places: Vec<Scope>,
}

/// A key. What is printed for debugging does not hold it.
#[derive(Clone, PartialEq, Eq)]
pub struct Key(String);

impl Key {
    /// A key, as somebody pasted it; nothing if there is none.
    pub fn read(text: &str) -> Option<Self> {
        let text = text.trim();
        (!text.is_empty()).then(|| Self(text.to_owned()))
    }

    /// The key itself, for what keeps it.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Key(…)")
    }
}

/// The key in use, which another one may take the place of while the page goes on.
#[derive(Clone, Debug, Default)]
pub struct KeyRing(Arc<RwLock<Option<Key>>>);

impl KeyRing {
    /// With this key.
    pub fn of(key: Option<Key>) -> Self {
        Self(Arc::new(RwLock::new(key)))
    }

    /// The key of now.
    pub fn get(&self) -> Option<Key> {
        self.0
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    /// Puts another in its place.
    pub fn set(&self, key: Option<Key>) {
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = key;
    }
}

impl PartialEq for KeyRing {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

impl Eq for KeyRing {}

impl Connection {
    /// The platform that served the page.
    pub fn same_origin() -> Self {
        Self::default()
    }

    /// A platform elsewhere.
    pub fn to(platform: Platform) -> Self {
        Self(Arc::new(platform))
    }

    /// The platform.
    pub fn platform(&self) -> &Platform {
        &self.0
    }

    /// Whether the page was served by this platform.
    pub fn is_same_origin(&self) -> bool {
        self.0.base.is_empty()
    }

    /// What it answers.
    pub fn offer(&self) -> &Offer {
        &self.0.offer
    }

    /// Whether it answers an endpoint.
    pub fn answers<E: Endpoint>(&self) -> bool {
        self.0.offer.answers::<E>()
    }

    /// A full URL from a path that begins with the API's own base.
    pub(crate) fn url(&self, path: &str) -> String {
        let below = path.strip_prefix(BASE).filter(|_| !self.is_same_origin());
        match below {
            Some(below) => format!("{}{below}", self.0.base),
            None => path.to_owned(),
        }
    }

    /// The header that lets a call in: W's where nothing says that E alone is spoken.
    pub(super) fn credential(&self) -> Option<(&'static str, String)> {
        let Key(key) = self.0.key.get()?;
        Some(match self.0.offer.dialect() {
            Some(Dialect::Environment) => ("X-API-Key", key),
            _ => ("Authorization", format!("Bearer {key}")),
        })
    }
}

/// Makes a connection available to everything below.
pub fn provide_connection(connection: Connection) {
    provide_context(connection);
}

/// The connection in use: the platform that served the page, where none was provided.
pub fn use_connection() -> Connection {
    use_context().unwrap_or_default()
}

/// Whether the connected platform answers an endpoint. It stays so as long as the page does: another
/// connection is another page.
pub fn answers<E: Endpoint>() -> bool {
    use_connection().answers::<E>()
}

/// Whether the connected platform answers all of the API.
pub fn is_whole() -> bool {
    use_connection().offer().dialect().is_none()
}

#[cfg(test)]
mod tests {
    use super::*;
    use wire::endpoints::{GetMeta, ListServices};

    fn elsewhere(offer: Offer) -> Connection {
        Connection::to(Platform {
            name: "Elsewhere".into(),
            base: "https://platform.example/v2".into(),
            key: KeyRing::of(Key::read(" secret-key\n")),
            offer,
            places: Vec::new(),
        })
    }

    #[test]
    fn a_path_is_below_the_platforms_base() {
        let path = "/api/v1/orgs/acme?x=/api/v1";
        assert_eq!(Connection::same_origin().url(path), path);
        assert_eq!(
            elsewhere(Offer::Whole).url(path),
            "https://platform.example/v2/orgs/acme?x=/api/v1"
        );
    }

    #[test]
    fn each_dialect_has_its_own_header() {
        let header = |offer| elsewhere(offer).credential();
        let bearer = Some(("Authorization", "Bearer secret-key".to_owned()));
        assert_eq!(header(Offer::Whole), bearer);
        assert_eq!(header(Offer::documented(Dialect::Workspace)), bearer);
        let key = Some(("X-API-Key", "secret-key".to_owned()));
        assert_eq!(header(Offer::documented(Dialect::Environment)), key);
        assert_eq!(Connection::same_origin().credential(), None);
    }

    #[test]
    fn a_key_is_not_printed() {
        assert!(!format!("{:?}", elsewhere(Offer::Whole)).contains("secret"));
        assert_eq!(Key::read("  "), None);
    }

    #[test]
    fn another_key_takes_the_place_of_one_that_is_refused() {
        let connection = elsewhere(Offer::Whole);
        let known = connection.clone();
        connection.platform().key.set(Key::read("new"));
        assert_eq!(known, connection);
        let bearer = Some(("Authorization", "Bearer new".to_owned()));
        assert_eq!(known.credential(), bearer);
    }

    #[test]
    fn what_is_answered_is_told_by_the_offer() {
        let part = elsewhere(Offer::documented(Dialect::Workspace));
        assert!(part.answers::<ListServices>() && !part.answers::<GetMeta>());
        assert!(Connection::same_origin().answers::<GetMeta>());
    }
}
