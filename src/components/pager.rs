//! The way through a list that comes in pages.

use leptos::prelude::*;

use super::button::Button;
use crate::reactive::When;

/// Which page of how many, and the ones beside it. A list of one page has none.
#[component]
pub fn Pager(
    /// What is listed, for screen readers.
    #[prop(into)]
    label: String,
    /// Counts from 1.
    #[prop(into)]
    page: Signal<u32>,
    /// How many there are.
    #[prop(into)]
    pages: Signal<u32>,
    #[prop(into)] on_go: Callback<u32>,
) -> impl IntoView {
    let label = StoredValue::new(label);
    let newer = move || (page.get() <= 1).then(|| "This is the first page.".to_owned());
    let older = move || (page.get() >= pages.get()).then(|| "This is the last page.".to_owned());
    view! {
        <When is=move || { pages.get() > 1 }>
            <nav class="pager" aria-label=label.get_value()>
                <Button
                    label="Newer"
                    against=Signal::derive(newer)
                    on_click=move |()| on_go.run(page.get_untracked().saturating_sub(1))
                />
                <span class="dim" role="status">
                    {move || format!("Page {} of {}", page.get(), pages.get())}
                </span>
                <Button
                    label="Older"
                    against=Signal::derive(older)
                    on_click=move |()| on_go.run(page.get_untracked() + 1)
                />
            </nav>
        </When>
    }
}
