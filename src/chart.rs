//! Charts over time: what is drawn is worked out in pure parts, and painted on a canvas.

pub mod board;
pub mod export;
pub mod frame;
pub mod hit;
pub mod input;
pub mod look;
pub mod paint;
pub mod resize;
pub mod summary;
pub mod ticks;
pub mod time_ticks;
pub mod view;
