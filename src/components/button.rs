//! Buttons and links that look like buttons.

use leptos::prelude::*;

use super::icon::{Icon, icon};

use crate::reactive::memo;

/// How much a button asks for attention.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Kind {
    /// One of several.
    #[default]
    Plain,
    /// The one thing to do here.
    Primary,
    /// Beside what matters.
    Quiet,
    /// Destroys something.
    Danger,
}

impl Kind {
    fn class(self) -> &'static str {
        match self {
            Self::Plain => "btn",
            Self::Primary => "btn primary",
            Self::Quiet => "btn quiet",
            Self::Danger => "btn danger",
        }
    }
}

/// What stands against an action besides its own reasons, and what a press does then.
#[derive(Clone, Copy)]
pub struct Barrier {
    /// Why it can't be done; nothing while it can.
    pub against: Signal<Option<String>>,
    /// What to do about it.
    pub instead: Callback<()>,
    /// Whether the platform has nothing that could be asked to do it: then there is no button.
    pub is_absent: bool,
}

/// Whether a barrier leaves nothing to press.
pub fn is_absent(barrier: Option<Barrier>) -> bool {
    barrier.is_some_and(|barrier| barrier.is_absent)
}

/// A button. With a reason against it, it is dimmed, says why, and does nothing, or what its barrier
/// does instead; while pending it shows progress and can't be pressed twice.
#[component]
pub fn Button(
    #[prop(into)] label: Signal<String>,
    #[prop(optional)] kind: Kind,
    #[prop(optional)] glyph: Option<Icon>,
    #[prop(into, optional)] pending: Signal<bool>,
    /// Whether it has just done what it is for: a check stands in the glyph's place.
    #[prop(into, optional)]
    done: Signal<bool>,
    /// Why it can't be pressed now.
    #[prop(into, optional)]
    against: Signal<Option<String>>,
    #[prop(into, optional)] barrier: Option<Barrier>,
    #[prop(optional)] submit: bool,
    #[prop(into, optional)] on_click: Option<Callback<()>>,
) -> impl IntoView {
    let against = behind(barrier, against);
    let blocked = move || pending.get() || against.with(Option::is_some);
    let press = move |event: leptos::ev::MouseEvent| {
        if blocked() {
            event.prevent_default();
            go_around(barrier);
        } else if let Some(on_click) = on_click {
            on_click.run(());
        }
    };
    let mark = move || {
        if pending.get() {
            view! { <span class="spinner" aria-hidden="true"></span> }.into_any()
        } else {
            let check = done.get().then_some(Icon::Check);
            check.or(glyph).map(icon).into_any()
        }
    };
    view! {
        <button
            type=if submit { "submit" } else { "button" }
            class=kind.class()
            hidden=is_absent(barrier)
            aria-disabled=move || blocked().then_some("true")
            aria-busy=move || pending.get().then_some("true")
            title=against
            on:click=press
        >
            {mark}
            <span>{label}</span>
        </button>
    }
}

/// The barrier's reason before the own one.
pub fn behind(barrier: Option<Barrier>, against: Signal<Option<String>>) -> Signal<Option<String>> {
    match barrier {
        Some(barrier) => Signal::derive(move || barrier.against.get().or_else(|| against.get())),
        None => against,
    }
}

/// Does what a barrier has in the place of the action, where it stands.
pub fn go_around(barrier: Option<Barrier>) {
    if let Some(barrier) = barrier
        && barrier.against.with_untracked(Option::is_some)
    {
        barrier.instead.run(());
    }
}

/// A button that is a picture: its label is read and shown on hover.
#[component]
pub fn IconButton(
    #[prop(into)] label: Signal<String>,
    #[prop(into)] glyph: Signal<Icon>,
    #[prop(into, optional)] barrier: Option<Barrier>,
    #[prop(into)] on_click: Callback<()>,
) -> impl IntoView {
    let against = behind(barrier, Signal::stored(None));
    let press = move |_| match against.with_untracked(Option::is_some) {
        true => go_around(barrier),
        false => on_click.run(()),
    };
    view! {
        <button
            type="button"
            class="btn quiet icon"
            hidden=is_absent(barrier)
            aria-label=label
            aria-disabled=move || against.with(Option::is_some).then_some("true")
            title=move || against.get().unwrap_or_else(|| label.get())
            on:click=press
        >
            {move || icon(glyph.get())}
        </button>
    }
}

/// A link that looks like a button.
#[component]
pub fn ButtonLink(
    #[prop(into)] label: String,
    #[prop(into)] href: Signal<String>,
    #[prop(optional)] kind: Kind,
    #[prop(optional)] glyph: Option<Icon>,
    /// Whether it leads out of the console, even where its address looks like one of its own.
    #[prop(optional)]
    leaves: bool,
    #[prop(into, optional)] barrier: Option<Barrier>,
) -> impl IntoView {
    let against = behind(barrier, Signal::stored(None));
    let press = move |event: leptos::ev::MouseEvent| {
        if against.with_untracked(Option::is_some) {
            event.prevent_default();
            event.stop_propagation();
            go_around(barrier);
        }
    };
    view! {
        <a
            class=kind.class()
            hidden=is_absent(barrier)
            href=href
            rel=leaves.then_some("external")
            aria-disabled=move || against.with(Option::is_some).then_some("true")
            title=against
            on:click=press
        >
            {glyph.map(icon)}
            <span>{label}</span>
        </a>
    }
}

/// A few choices side by side, of which one holds.
#[component]
pub fn Segments(
    /// What is chosen, for screen readers.
    #[prop(into)]
    label: String,
    /// Values and their words.
    choices: Vec<(String, String)>,
    #[prop(into)] value: Signal<String>,
    #[prop(into)] on_choose: Callback<String>,
) -> impl IntoView {
    let buttons = choices
        .into_iter()
        .map(|(choice, words)| {
            let this = choice.clone();
            let chosen = memo(move || value.with(|value| *value == this));
            view! {
                <button
                    type="button"
                    aria-pressed=move || if chosen.get() { "true" } else { "false" }
                    on:click=move |_| on_choose.run(choice.clone())
                >
                    {words}
                </button>
            }
        })
        .collect_view();
    view! {
        <div class="seg" role="group" aria-label=label>
            {buttons}
        </div>
    }
}
