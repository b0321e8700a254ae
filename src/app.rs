//! The whole page: what everything shares, the router, and the frame around the pages.

mod panic;
pub mod rail;
pub mod range;
pub mod strips;
pub mod top;

use leptos::prelude::*;
use leptos_router::NavigateOptions;
use leptos_router::components::Router;
use leptos_router::hooks::{use_location, use_navigate};
use wire::endpoint::{NoBody, NoQuery};
use wire::endpoints::GetSession;
use wire::path::NoParams;
use wire::session::Session as Identity;

use crate::api::connection::provide_connection;
use crate::api::{Failure, call, use_connection};
use crate::components::toast::Toasts;
use crate::pages::parts::loaded;
use crate::reactive::{When, dynamic, effect, memo};
use crate::routes::{Address, Pages, use_address};
use crate::state::clock::provide_clock;
use crate::state::drafts::provide_drafts;
use crate::state::notices::{provide_notices, use_notices};
use crate::state::platforms;
use crate::state::preference::provide_preferences;
use crate::state::remote::Remote;
use crate::state::session::{of_key, provide_session, use_session};
use crate::state::tree::provide_tree;
use crate::state::version::provide_version;

use rail::Rail;
use strips::Strips;
use top::Top;

pub use panic::show_panics;

/// The console.
#[component]
pub fn App() -> impl IntoView {
    provide_connection(platforms::connection());
    provide_preferences();
    provide_session();
    provide_clock();
    provide_notices();
    provide_drafts();
    provide_version();
    view! {
        <Router>
            <Frame />
        </Router>
    }
}

#[component]
fn Frame() -> impl IntoView {
    provide_tree();
    let address = use_address();
    let session = use_session();
    let notices = use_notices();
    let drawer = RwSignal::new(false);
    let identity = use_identity();
    go_to_sign_in_when_ended();
    effect(move || {
        address.track();
        drawer.set(false);
    });

    let is_sign_in = memo(move || address.get() == Some(Address::Connect));
    let only = use_connection().offer().dialect();
    let has_pages = memo(move || is_sign_in.get() || session.who.with(Option::is_some));
    let body = move || {
        if has_pages.get() {
            view! { <Pages only /> }.into_any()
        } else {
            loaded(identity, 6, |_| ().into_any()).into_any()
        }
    };
    view! {
        <div class=move || if is_sign_in.get() { "app alone" } else { "app" }>
            <a class="skip" href="#main">
                "Skip to the page"
            </a>
            <When is=move || !is_sign_in.get()>
                <Rail open=drawer />
                <Top drawer />
            </When>
            <main class="main" id="main" tabindex="-1">
                <Strips />
                {dynamic(body)}
            </main>
        </div>
        <Toasts toasts=notices.toasts on_close=move |id| notices.close(id) />
    }
}

/// Who is signed in: asked once, unless the person is about to sign in.
fn use_identity() -> Remote<Identity> {
    let connection = use_connection();
    let address = use_address();
    let session = use_session();
    if !connection.answers::<GetSession>() {
        // It tells nobody's name: with a key one is in until it says otherwise.
        match connection.platform().key.get() {
            Some(_) => session.begin(of_key(&connection.platform().name)),
            None => session.end(),
        }
    }
    let is_own = connection.is_same_origin();
    let asked = move || {
        let known = session.who.with(Option::is_some) || session.ended.get();
        (!known && address.get() != Some(Address::Connect))
            .then(|| call::<GetSession>(&connection, &NoParams {}, &NoQuery, &NoBody))
    };
    let identity = Remote::new(asked, |_| None);
    effect(move || {
        if let Some(who) = identity.get() {
            session.begin((*who).clone());
        }
    });
    // Where the page's own address has no platform, there are others to choose from.
    let error = identity.held().error;
    effect(move || {
        let is_no_platform = error.with(|error| match error {
            Some(failure @ Failure::Refused(_)) => failure.is_not_found(),
            Some(Failure::Malformed(_)) => true,
            _ => false,
        });
        if is_own && is_no_platform {
            session.end();
        }
    });
    identity
}

/// Leaves for the sign-in page when the session has ended, with the way back.
fn go_to_sign_in_when_ended() {
    let session = use_session();
    let location = use_location();
    let navigate = use_navigate();
    effect(move || {
        let path = location.pathname.get_untracked();
        if session.ended.get() && Address::read(&path) != Some(Address::Connect) {
            let search = location.search.get_untracked();
            let next = if search.is_empty() {
                path
            } else {
                format!("{path}?{search}")
            };
            let options = NavigateOptions {
                replace: true,
                ..NavigateOptions::default()
            };
            navigate(&Address::connect_and_return(&next), options);
        }
    });
}
