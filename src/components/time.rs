//! Instants on the page: how long ago, with the exact instant on hover.

use leptos::prelude::*;

/// An instant. What it says is given, so that it stays up to date.
#[component]
pub fn Instant(
    /// RFC 3339
    #[prop(into)]
    at: Signal<String>,
    /// `6 min ago`
    #[prop(into)]
    words: Signal<String>,
    /// `2026-04-22 15:30:00`
    #[prop(into)]
    exact: Signal<String>,
) -> impl IntoView {
    view! {
        <time datetime=at title=exact>
            {words}
        </time>
    }
}
