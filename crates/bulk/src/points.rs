//! The points of a chart's lines: held, placed on a scale, and thinned out before they are drawn.

pub mod decimate;
pub mod scale;
pub mod series;
