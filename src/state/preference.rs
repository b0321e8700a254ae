//! What the browser remembers for a person: theme, times, wrap, last used org. Never a secret.

use leptos::prelude::{GetUntracked, RwSignal, Set, provide_context, use_context};

use super::keep::Keep;

/// How bright the page is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Theme {
    /// As the system says.
    #[default]
    System,
    /// Always light.
    Light,
    /// Always dark.
    Dark,
}

impl Theme {
    /// The themes in the order in which a switch goes through them.
    pub const ALL: [Self; 3] = [Self::System, Self::Light, Self::Dark];

    /// The word that is stored and put on the page.
    pub fn word(self) -> &'static str {
        match self {
            Self::System => "system",
            Self::Light => "light",
            Self::Dark => "dark",
        }
    }

    /// The word on the switch.
    pub fn label(self) -> &'static str {
        match self {
            Self::System => "System",
            Self::Light => "Light",
            Self::Dark => "Dark",
        }
    }

    fn read(word: &str) -> Self {
        Self::ALL
            .into_iter()
            .find(|theme| theme.word() == word)
            .unwrap_or_default()
    }
}

const THEME: &str = "pilothouse.theme";
const ZONE: &str = "pilothouse.utc";
const WRAP: &str = "pilothouse.wrap";
const RELATIVE: &str = "pilothouse.relative";
const LAST_ORG: &str = "pilothouse.org";

/// What the browser remembers, as signals.
#[derive(Clone, Copy)]
pub struct Preferences {
    /// How bright the page is.
    pub theme: RwSignal<Theme>,
    /// Whether instants are shown in UTC instead of local time.
    pub utc: RwSignal<bool>,
    /// Whether long log lines wrap.
    pub wrap: RwSignal<bool>,
    /// Whether log lines tell how long ago they were written, and not when.
    pub relative: RwSignal<bool>,
}

impl Preferences {
    /// What is remembered from the last visit.
    pub fn load() -> Self {
        let preferences = Self {
            theme: RwSignal::new(Theme::read(&Keep::Device.read(THEME).unwrap_or_default())),
            utc: RwSignal::new(Keep::Device.read(ZONE).is_some()),
            wrap: RwSignal::new(Keep::Device.read(WRAP).is_some()),
            relative: RwSignal::new(Keep::Device.read(RELATIVE).is_some()),
        };
        put_theme(preferences.theme.get_untracked());
        preferences
    }

    /// Changes the theme, now and for the next visits.
    pub fn set_theme(self, theme: Theme) {
        self.theme.set(theme);
        put_theme(theme);
        match theme {
            Theme::System => Keep::Device.write(THEME, None),
            _ => Keep::Device.write(THEME, Some(theme.word())),
        }
    }

    /// Changes between local time and UTC.
    pub fn set_utc(self, utc: bool) {
        self.utc.set(utc);
        Keep::Device.write(ZONE, utc.then_some("yes"));
    }

    /// Changes whether log lines wrap.
    pub fn set_wrap(self, wrap: bool) {
        self.wrap.set(wrap);
        Keep::Device.write(WRAP, wrap.then_some("yes"));
    }

    /// Changes whether log lines tell how long ago they were written.
    pub fn set_relative(self, relative: bool) {
        self.relative.set(relative);
        Keep::Device.write(RELATIVE, relative.then_some("yes"));
    }
}

/// The org that was used last.
pub fn last_org() -> Option<String> {
    Keep::Device.read(LAST_ORG)
}

/// Remembers the org in use.
pub fn remember_org(org: Option<&str>) {
    Keep::Device.write(LAST_ORG, org);
}

/// Makes the preferences available to everything below.
pub fn provide_preferences() -> Preferences {
    let preferences = Preferences::load();
    provide_context(preferences);
    preferences
}

/// The preferences of the page.
pub fn use_preferences() -> Preferences {
    use_context().unwrap_or_else(Preferences::load)
}

/// The style sheet reads the theme from the root element.
fn put_theme(theme: Theme) {
    let root = web_sys::window()
        .and_then(|window| window.document())
        .and_then(|document| document.document_element());
    if let Some(root) = root {
        // Fails for names that are not attribute names alone, which this one is.
        let _ = match theme {
            Theme::System => root.remove_attribute("data-theme"),
            _ => root.set_attribute("data-theme", theme.word()),
        };
    }
}
