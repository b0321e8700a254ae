//! Starts the console in the page.

use console::app::{App, show_panics};

fn main() {
    show_panics();
    take_away_the_boot_screen();
    leptos::mount::mount_to_body(App);
}

/// The page's own frame takes the place of the one that `index.html` shows while it loads.
fn take_away_the_boot_screen() {
    let document = web_sys::window().and_then(|window| window.document());
    if let Some(boot) = document.and_then(|document| document.get_element_by_id("boot")) {
        boot.remove();
    }
}
