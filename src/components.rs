//! What pages share and no API: controls, states, table, dialog, toasts. A component is given
//! everything it shows and calls back; it never fetches.

pub mod button;
pub mod clipboard;
pub mod csv;
pub mod curl;
pub mod dialog;
pub mod difference;
pub mod download;
pub mod feedback;
pub mod field;
pub mod focus;
pub mod icon;
pub mod menu;
pub mod page;
pub mod pager;
pub mod status;
pub mod table;
pub mod time;
pub mod toast;
