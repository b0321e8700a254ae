//! The page for an address that means nothing.

use leptos::prelude::*;
use leptos_router::hooks::use_location;

use crate::components::button::{ButtonLink, Kind};
use crate::components::feedback::Empty;
use crate::routes::Address;
use crate::state::title::use_title;

/// Says that there is nothing here, and offers the nearest address that means something.
#[component]
pub fn NotFoundPage() -> impl IntoView {
    use_title(|| "Not found".to_owned());
    let path = use_location().pathname;
    let nearest = move || path.with(|path| Address::nearest(path).path());
    view! {
        <section class="panel">
            <Empty
                is_page=true
                title="There is no such page"
                words="The address may be mistyped, or from another version of the console."
            >
                <ButtonLink
                    label="Go to the nearest page"
                    href=Signal::derive(nearest)
                    kind=Kind::Primary
                />
            </Empty>
        </section>
    }
}
