//! Signing in, and which platform the page is connected to.

pub mod platforms;
pub mod report;
pub mod sign_in;
pub mod testing;

use leptos::prelude::*;
use leptos_router::hooks::use_query_map;

use crate::api::{file, use_connection};
use crate::reactive::dynamic;
use crate::routes::Address;
use crate::state::platforms::{Hosted, PRESETS, read_presets};
use crate::state::remote::Remote;
use crate::state::title::use_title;
use platforms::Platforms;
use sign_in::{OwnSignIn, PlatformSignIn};

/// Signs a browser in and goes where the person wanted to be, or connects it to another platform.
#[component]
pub fn ConnectPage() -> impl IntoView {
    use_title(|| "Sign in".to_owned());
    let connection = use_connection();
    let hosted = use_hosted();
    // What to offer is only known once the file is there, or is known not to be.
    let known = move || hosted.get().map(|hosted| (*hosted).clone());
    let content = move |hosted: Hosted| {
        let sign_in = match (connection.is_same_origin(), hosted.own) {
            (true, true) => view! { <OwnSignIn /> }.into_any(),
            (true, false) => ().into_any(),
            (false, _) => view! { <PlatformSignIn /> }.into_any(),
        };
        view! { <div class="connecting">{sign_in} <Platforms hosted /></div> }.into_any()
    };
    dynamic(move || known().map(&content).into_any())
}

/// What whoever hosts the page has set; nothing where there is no such file.
fn use_hosted() -> Remote<Hosted> {
    Remote::made(
        || Some(()),
        |()| async {
            let file = file(PRESETS).await.unwrap_or_default();
            Ok(read_presets(&file))
        },
        |_| None,
    )
}

/// Where to go after the sign-in: an address of this console, never another site.
fn use_next() -> impl Fn() -> String + Clone + 'static {
    let query = use_query_map();
    move || safe_next(query.with_untracked(|query| query.get("next")))
}

fn safe_next(next: Option<String>) -> String {
    let path = |next: &String| next.split(['?', '#']).next().and_then(Address::read);
    next.filter(|next| next.starts_with('/') && !next.starts_with("//") && !next.contains('\\'))
        .filter(|next| path(next).is_some_and(|address| address != Address::Connect))
        .unwrap_or_else(|| Address::Home.path())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_way_back_never_leaves_the_console() {
        let next = |next: &str| safe_next(Some(next.to_owned()));
        assert_eq!(next("/o/acme?q=x"), "/o/acme?q=x");
        for bad in [
            "//evil.example",
            "https://evil.example",
            "/\\evil",
            "/connect",
            "",
        ] {
            assert_eq!(next(bad), "/", "{bad}");
        }
        assert_eq!(safe_next(None), "/");
    }
}
