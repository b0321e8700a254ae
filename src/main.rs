//! Starts the console in the page.

use console::app::{App, show_panics};

fn main() {
    show_panics();
    leptos::mount::mount_to_body(App);
}
