//! The states of a page beside its data: loading, empty, failed, stale.

use leptos::prelude::*;

use super::button::{Button, IconButton};
use super::clipboard::copy as copy_text;
use super::icon::{Icon, icon};

/// Grey bars in the place of the rows to come.
#[component]
pub fn Skeleton(
    /// How many rows.
    rows: usize,
) -> impl IntoView {
    let rows = (0..rows)
        .map(|_| view! { <div class="bone"></div> })
        .collect_view();
    view! {
        <div class="skeleton" role="status" aria-label="Loading">
            {rows}
        </div>
    }
}

/// What stands where nothing is: what this is, and how it starts.
#[component]
pub fn Empty(
    #[prop(into)] title: String,
    #[prop(into)] words: String,
    /// Whether it is all of the page, and its title the page's.
    #[prop(optional)]
    is_page: bool,
    #[prop(optional)] children: Option<Children>,
) -> impl IntoView {
    let title = match is_page {
        true => view! { <h1>{title}</h1> }.into_any(),
        false => view! { <h2>{title}</h2> }.into_any(),
    };
    view! {
        <div class="empty">
            {title} <p class="dim">{words}</p> {children.map(|children| children())}
        </div>
    }
}

/// What failed, what to do, and another attempt.
#[component]
pub fn Failed(
    #[prop(into)] words: Signal<String>,
    /// What helps those who run the platform.
    #[prop(into, optional)]
    detail: Signal<Option<String>>,
    #[prop(into)] retry: Callback<()>,
    #[prop(into, optional)] pending: Signal<bool>,
) -> impl IntoView {
    view! {
        <div class="empty" role="alert">
            <span class="bad-mark">{icon(Icon::Warning)}</span>
            <p>{words}</p>
            {move || detail.get().map(|detail| view! { <p class="mono faint">{detail}</p> })}
            <Button label="Try again" pending on_click=retry />
        </div>
    }
}

/// A line that asks for attention, with what can be done about it.
#[component]
pub fn Note(
    /// Whether it tells of something broken.
    #[prop(optional)]
    bad: bool,
    children: Children,
) -> impl IntoView {
    view! {
        <div class=if bad { "note bad" } else { "note" } role=if bad { "alert" } else { "status" }>
            {icon(Icon::Warning)}
            {children()}
        </div>
    }
}

/// How fresh data is; in words that call for attention when it is stale.
#[component]
pub fn Freshness(
    /// `2 s ago`; nothing before the first answer.
    #[prop(into)]
    words: Signal<Option<String>>,
    /// Why the last attempt brought nothing.
    #[prop(into)]
    stale: Signal<Option<String>>,
    #[prop(into)] refresh: Callback<()>,
) -> impl IntoView {
    let text = move || words.get().unwrap_or_default();
    let class = move || {
        if stale.with(Option::is_some) {
            "fresh stale"
        } else {
            "fresh"
        }
    };
    view! {
        <span class=class title=stale>
            {text}
            <span class="unseen">{stale}</span>
            <IconButton label="Refresh" glyph=Icon::Again on_click=refresh />
        </span>
    }
}

/// A button that copies a text. Where the browser gives pages no clipboard (an address without
/// TLS that is not this machine), there is none: the text can still be selected by hand.
#[component]
pub fn CopyButton(
    #[prop(into)] text: Signal<String>,
    #[prop(into)] label: String,
) -> impl IntoView {
    let copied = RwSignal::new(false);
    let copy = move |()| {
        // The button may be gone by then.
        copy_text(&text.get_untracked(), move |is_done| {
            copied.try_set(is_done);
        });
    };
    let words = move || match copied.get() {
        true => "Copied".to_owned(),
        false => label.clone(),
    };
    let glyph = move || {
        if copied.get() {
            Icon::Check
        } else {
            Icon::Copy
        }
    };
    let button = move || {
        view! {
            <span
                class="copy"
                on:focusout=move |_| {
                    let _ = copied.try_set(false);
                }
            >
                <IconButton label=Signal::derive(words) glyph=Signal::derive(glyph) on_click=copy />
            </span>
        }
    };
    window().is_secure_context().then(button)
}
