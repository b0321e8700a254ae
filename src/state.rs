//! What pages share beyond one view: fetched data and its freshness, the session, the current org,
//! notices, theme and clock.

pub mod act;
pub mod clock;
pub mod drafts;
pub mod keep;
pub mod keys;
pub mod notices;
pub mod platforms;
pub mod poll;
pub mod preference;
pub mod range;
pub mod remote;
pub mod revised;
pub mod rights;
pub mod session;
pub mod title;
pub mod tree;
pub mod version;
