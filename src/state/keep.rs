//! Where the browser keeps what is to survive the page.

/// How long something is kept.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Keep {
    /// As long as its tab is open, and for that one alone.
    #[default]
    Tab,
    /// On this device, for every tab.
    Device,
}

impl Keep {
    fn storage(self) -> Option<web_sys::Storage> {
        let window = web_sys::window()?;
        match self {
            Self::Tab => window.session_storage().ok()?,
            Self::Device => window.local_storage().ok()?,
        }
    }

    /// What is kept under a name.
    pub fn read(self, name: &str) -> Option<String> {
        self.storage()?.get_item(name).ok()?
    }

    /// Keeps a text, or nothing any more. A browser that keeps nothing (private mode, full) just
    /// forgets.
    pub fn write(self, name: &str, text: Option<&str>) {
        if let Some(storage) = self.storage() {
            let _ = match text {
                Some(text) => storage.set_item(name, text),
                None => storage.remove_item(name),
            };
        }
    }
}
