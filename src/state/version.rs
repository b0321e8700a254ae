//! Whether whoever hosts the page has put another version of it there meanwhile.

use leptos::prelude::{
    LocalStorage, Memo, StoredValue, WithValue, document, provide_context, use_context,
};

use super::remote::Remote;
use crate::api::{Failure, file};
use crate::reactive::memo;

/// Milliseconds until the page is looked at again.
const PACE: u32 = 300_000;

/// Where the page is.
const PAGE: &str = "/";

/// The version of the page that is hosted.
#[derive(Clone, Copy)]
pub struct Hosted {
    is_other: Remote<bool>,
}

impl Hosted {
    /// Whether it is another than the one that runs, tracked.
    pub fn is_other(self) -> Memo<bool> {
        memo(move || self.is_other.get().is_some_and(|is_other| *is_other))
    }

    /// Looks again: something that belongs to this version did not come.
    pub fn look(self) {
        self.is_other.refresh();
    }
}

/// Looks at the hosted page now and then.
pub fn provide_version() {
    let own = StoredValue::<_, LocalStorage>::new_local(own_script());
    let is_other = Remote::made(
        // A page whose script has no name of its own, as while it is developed, has no version.
        move || own.with_value(Option::is_some).then_some(()),
        move |()| async move {
            let page = file(PAGE).await?;
            let page =
                String::from_utf8(page).map_err(|error| Failure::Malformed(error.to_string()))?;
            Ok(own.with_value(|own| is_other(own.as_deref(), &page)))
        },
        |_| Some(PACE),
    );
    provide_context(Hosted { is_other });
}

/// The version that is hosted.
pub fn use_version() -> Option<Hosted> {
    use_context()
}

/// The name of the file that this page runs, which holds a hash of it.
fn own_script() -> Option<String> {
    let link = document().query_selector("link[href$='_bg.wasm']");
    let link = link.ok()??;
    let path = link.get_attribute("href")?;
    Some(path.rsplit('/').next().unwrap_or_default().to_owned())
}

/// Whether a page runs another script. What is no page of the console at all, as a proxy's, says
/// nothing.
fn is_other(own: Option<&str>, page: &str) -> bool {
    own.is_some_and(|own| page.contains("_bg.wasm") && !page.contains(own))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn another_script_is_another_version() {
        let own = Some("console-1a_bg.wasm");
        assert!(!is_other(own, "<link href=\"/console-1a_bg.wasm\">"));
        assert!(is_other(own, "<link href=\"/console-2b_bg.wasm\">"));
        assert!(!is_other(own, "<h1>502 Bad Gateway</h1>"));
        assert!(!is_other(None, "<link href=\"/console-2b_bg.wasm\">"));
    }
}
