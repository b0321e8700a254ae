//! The shared components in a real browser, with the real style sheets.
#![cfg(target_arch = "wasm32")]
#![expect(
    clippy::unwrap_used,
    reason = "a test that can't go on stops where it stands"
)]

mod button;
mod chart;
mod config;
mod dialog;
mod field;
mod form;
mod log;
mod menu;
mod page;
mod table;

wasm_bindgen_test::wasm_bindgen_test_configure!(run_in_browser);
