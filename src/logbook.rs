//! Log lines on the page; what is known of them comes from [`bulk::lines`].

pub mod book;
pub mod place;
pub mod run;
pub mod scroll;
pub mod slices;
pub mod view;
pub mod work;
