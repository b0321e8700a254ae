//! Sign-in: by the one-time link of the platform's first start, or with a key.

use leptos::prelude::*;
use leptos_router::NavigateOptions;
use leptos_router::hooks::{use_navigate, use_query_map};
use wire::endpoint::NoQuery;
use wire::endpoints::SignInSession;
use wire::path::NoParams;
use wire::session::{Session as Identity, SignIn};

use crate::api::{send, use_connection};
use crate::components::button::{Button, Kind};
use crate::components::feedback::Note;
use crate::components::field::{Look, TextField};
use crate::components::icon::{Icon, icon};
use crate::forms::sign_in::{ProviderButtons, ProviderRefusal};
use crate::routes::Address;
use crate::state::act::Act;
use crate::state::session::use_session;
use crate::state::title::use_title;

/// Signs a browser in and goes where the person wanted to be.
#[component]
pub fn ConnectPage() -> impl IntoView {
    use_title(|| "Sign in".to_owned());
    let query = use_query_map();
    let navigate = use_navigate();
    let session = use_session();
    let key = RwSignal::new(String::new());
    let fault = RwSignal::new(Vec::new());

    let next = move || safe_next(query.with_untracked(|query| query.get("next")));
    let arrive = move |who: Identity| {
        key.set(String::new());
        session.begin(who);
        let options = NavigateOptions {
            replace: true,
            ..NavigateOptions::default()
        };
        navigate(&next(), options);
    };
    let sign_in = use_sign_in(arrive);
    let failed = sign_in.failure;
    let submit = move |event: leptos::ev::SubmitEvent| {
        event.prevent_default();
        let typed = key.get_untracked().trim().to_owned();
        match typed.is_empty() {
            true => fault.set(vec![
                "Paste the key that pilothouse key create printed.".to_owned(),
            ]),
            false => sign_in.go(SignIn::Key(typed)),
        }
    };
    if let Some(token) = take_token() {
        sign_in.go(SignIn::Token(token));
    }
    let refused = move || {
        failed.get().map(|failure| {
            let words = match failure.is_signed_out() {
                true => {
                    "This key or link is not valid, or was used already. Use another.".to_owned()
                }
                false => failure.words(),
            };
            view! {
                <Note bad=true>
                    <span class="grow">{words}</span>
                </Note>
            }
        })
    };
    view! {
        <form class="panel connect" on:submit=submit novalidate>
            <div class="brand">{icon(Icon::Wheel)} "Pilothouse"</div>
            <h1>"Sign in"</h1>
            {refused}
            <ProviderRefusal query />
            <TextField
                label="Key"
                look=Look::Secret
                first=true
                hint="From pilothouse key create. It is exchanged for a session cookie and not kept by this page."
                value=key
                faults=fault
                on_input=move |text| {
                    fault.set(Vec::new());
                    key.set(text);
                }
            />
            <Button label="Sign in" kind=Kind::Primary submit=true pending=sign_in.pending() />
            <ProviderButtons query />
        </form>
    }
}

fn use_sign_in(arrive: impl Fn(Identity) + Clone + 'static) -> Act<SignIn> {
    let connection = use_connection();
    Act::new(
        move |credential: &SignIn| {
            let (connection, credential) = (connection.clone(), credential.clone());
            async move { send::<SignInSession>(&connection, &NoParams {}, &NoQuery, &credential).await }
        },
        arrive,
    )
}

/// The token of a one-time link, which leaves the address bar and the history at once.
fn take_token() -> Option<String> {
    let location = window().location();
    let token = location.hash().ok()?.strip_prefix("#token=")?.to_owned();
    let clean = location.pathname().ok()? + &location.search().ok()?;
    let history = window().history().ok()?;
    // Fails only for an address of another origin, which this is not.
    let _ = history.replace_state_with_url(&wasm_bindgen::JsValue::NULL, "", Some(&clean));
    (!token.is_empty()).then_some(token)
}

/// Where to go after the sign-in: an address of this console, never another site.
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
