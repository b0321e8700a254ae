//! Signing in: to the platform that served the page by a one-time link or a key that becomes a
//! session, to one elsewhere by its key.

use leptos::prelude::*;
use leptos_router::NavigateOptions;
use leptos_router::hooks::{use_navigate, use_query_map};
use wire::endpoint::{NoBody, NoQuery};
use wire::endpoints::{GetSession, ListServices, SignInSession};
use wire::path::NoParams;
use wire::session::{Session as Identity, SignIn};

use super::use_next;
use crate::api::connection::Key;
use crate::api::{Connection, Failure, send, use_connection};
use crate::components::button::{Button, Kind};
use crate::components::feedback::Note;
use crate::components::field::{Look, TextField};
use crate::components::icon::{Icon, icon};
use crate::forms::connection::KeepField;
use crate::forms::sign_in::{ProviderButtons, ProviderRefusal};
use crate::state::act::Act;
use crate::state::keep::Keep;
use crate::state::platforms;
use crate::state::session::{of_key, use_session};

/// Signs in to the platform that served the page.
#[component]
pub fn OwnSignIn() -> impl IntoView {
    let query = use_query_map();
    let key = RwSignal::new(String::new());
    let fault = RwSignal::new(Vec::new());
    let connection = use_connection();
    let arrive = use_arrival(key);
    let sign_in = Act::new(
        move |credential: &SignIn| {
            let (connection, credential) = (connection.clone(), credential.clone());
            async move { send::<SignInSession>(&connection, &NoParams {}, &NoQuery, &credential).await }
        },
        arrive,
    );
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
    view! {
        <form class="panel connect" on:submit=submit novalidate>
            <div class="brand">{icon(Icon::Wheel)} "Pilothouse"</div>
            <h1>"Sign in"</h1>
            <ProviderRefusal query />
            {refused(
                sign_in.failure,
                "This key or link is not valid, or was used already. Use another.",
            )}
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

/// What a key is to be kept for.
#[derive(Clone)]
struct KeyOrder {
    key: Key,
    keep: Keep,
}

/// Gives a platform elsewhere the key that it asks for. The page goes on with all that was typed in it.
#[component]
pub fn PlatformSignIn() -> impl IntoView {
    let connection = use_connection();
    let name = connection.platform().name.clone();
    let base = connection.platform().base.clone();
    let kept = platforms::key_for(&name).map(|(_, keep)| keep);
    let typed = RwSignal::new(String::new());
    let keep = RwSignal::new(kept.unwrap_or_default());
    let fault = RwSignal::new(Vec::new());
    let arrive = use_arrival(typed);
    let enter = Act::new(
        move |order: &KeyOrder| {
            let (connection, order) = (connection.clone(), order.clone());
            async move { try_key(&connection, order).await }
        },
        arrive,
    );
    let submit = move |event: leptos::ev::SubmitEvent| {
        event.prevent_default();
        match Key::read(&typed.get_untracked()) {
            Some(key) => enter.go(KeyOrder {
                key,
                keep: keep.get_untracked(),
            }),
            None => fault.set(vec!["Paste a key for this platform.".to_owned()]),
        }
    };
    view! {
        <form class="panel connect" on:submit=submit novalidate>
            <div class="brand">{icon(Icon::Wheel)} "Pilothouse"</div>
            <div>
                <h1>{format!("Sign in to {name}")}</h1>
                <p class="mono dim sm cut" title=base.clone()>
                    {base.clone()}
                </p>
            </div>
            {refused(enter.failure, "It does not accept this key. Paste it again, or get another.")}
            <TextField
                label="Key"
                look=Look::Secret
                first=true
                value=typed
                faults=fault
                on_input=move |text| {
                    fault.set(Vec::new());
                    typed.set(text);
                }
            />
            <KeepField value=keep on_choose=move |chosen| keep.set(chosen) />
            <Button label="Sign in" kind=Kind::Primary submit=true pending=enter.pending() />
        </form>
    }
}

/// Uses a key, and keeps it once the platform has let it in.
async fn try_key(connection: &Connection, order: KeyOrder) -> Result<Identity, Failure> {
    let platform = connection.platform();
    let before = platform.key.get();
    platform.key.set(Some(order.key.clone()));
    let entered = enter(connection).await;
    match entered {
        Ok(_) => platforms::keep_key(&platform.name, Some(&order.key), order.keep),
        Err(_) => platform.key.set(before),
    }
    entered
}

/// Asks for who the key is of, or, where that is not told, for anything at all.
async fn enter(connection: &Connection) -> Result<Identity, Failure> {
    if connection.answers::<GetSession>() {
        return send::<GetSession>(connection, &NoParams {}, &NoQuery, &NoBody).await;
    }
    if let Some(place) = connection.platform().places.first() {
        send::<ListServices>(connection, place, &NoQuery, &NoBody).await?;
    }
    Ok(of_key(&connection.platform().name))
}

/// What follows a sign-in: on to where the person wanted to be.
fn use_arrival(typed: RwSignal<String>) -> impl Fn(Identity) + Clone + 'static {
    let (session, next, navigate) = (use_session(), use_next(), use_navigate());
    move |who: Identity| {
        typed.set(String::new());
        session.begin(who);
        let options = NavigateOptions {
            replace: true,
            ..NavigateOptions::default()
        };
        navigate(&next(), options);
    }
}

fn refused(failure: RwSignal<Option<Failure>>, signed_out: &'static str) -> impl IntoView {
    move || {
        failure.get().map(|failure| {
            let words = match failure.is_signed_out() {
                true => signed_out.to_owned(),
                false => failure.words(),
            };
            view! {
                <Note bad=true>
                    <span class="grow">{words}</span>
                </Note>
            }
        })
    }
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
