//! Every address of the console: typed, written and read in one place, and the route tree.

mod address;
mod hooks;
mod parts;
pub mod tree;

pub use address::{AccessPage, Address, Tab};
pub use hooks::{
    QueryText, ScopeName, query_setter, query_step, query_stepper, query_text, scope_name,
    use_address, use_go, use_kept,
};
pub use parts::{show_bulk_bar, show_config_tab, show_metrics_tab, show_requests_tab};
pub use tree::Pages;
