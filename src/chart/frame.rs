//! Where the parts of a chart stand on its canvas, in pixels of the device.

use bulk::points::scale::Scale;

/// Room beside the plot, in pixels of the page: for the numbers of the axes and the names of marks.
const LEFT: f64 = 44.0;
const RIGHT: f64 = 10.0;
const TOP: f64 = 20.0;
const BOTTOM: f64 = 24.0;

/// A canvas of a size, and the plot on it.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Frame {
    /// The canvas's width.
    pub width: u32,
    /// The canvas's height.
    pub height: u32,
    /// Pixels of the device in one of the page.
    pub ratio: f64,
}

impl Frame {
    /// The frame for an element of a size in pixels of the page: whole pixels of the device, so that
    /// none is drawn blurred.
    pub fn new(width: f64, height: f64, ratio: f64) -> Self {
        let ratio = if ratio > 0.0 { ratio } else { 1.0 };
        let whole = |length: f64| (length * ratio + 1e-3).floor().max(0.0) as u32;
        Self {
            width: whole(width),
            height: whole(height),
            ratio,
        }
    }

    /// The canvas's width in pixels of the page.
    pub fn page_width(&self) -> f64 {
        f64::from(self.width) / self.ratio
    }

    /// The canvas's height in pixels of the page.
    pub fn page_height(&self) -> f64 {
        f64::from(self.height) / self.ratio
    }

    /// A length of the page in whole pixels of the device.
    pub fn whole(&self, length: f64) -> f64 {
        (length * self.ratio).round().max(1.0)
    }

    /// Whether there is room for a plot.
    pub fn is_seen(&self) -> bool {
        self.right() > self.left() && self.bottom() > self.top()
    }

    /// The left edge of the plot.
    pub fn left(&self) -> f64 {
        self.whole(LEFT)
    }

    /// The right edge of the plot.
    pub fn right(&self) -> f64 {
        f64::from(self.width) - self.whole(RIGHT)
    }

    /// The upper edge of the plot.
    pub fn top(&self) -> f64 {
        self.whole(TOP)
    }

    /// The lower edge of the plot.
    pub fn bottom(&self) -> f64 {
        f64::from(self.height) - self.whole(BOTTOM)
    }

    /// Where moments are drawn.
    pub fn x(&self, span: (f64, f64)) -> Scale {
        Scale::new(span, (self.left(), self.right()))
    }

    /// Where values from nought to `top` are drawn.
    pub fn y(&self, top: f64) -> Scale {
        Scale::new((0.0, top), (self.bottom(), self.top()))
    }

    /// Where moments are, in pixels of the page from the canvas's left edge.
    pub fn page_x(&self, span: (f64, f64)) -> Scale {
        let to = (self.left() / self.ratio, self.right() / self.ratio);
        Scale::new(span, to)
    }

    /// How many numbers there is room for on the axis of time.
    pub fn times(&self) -> u32 {
        let width = (self.right() - self.left()).max(0.0) / self.ratio;
        (width / 88.0).clamp(2.0, 12.0) as u32
    }

    /// How many numbers there is room for on the axis of values.
    pub fn values(&self) -> u32 {
        let height = (self.bottom() - self.top()).max(0.0) / self.ratio;
        (height / 36.0).clamp(2.0, 8.0) as u32
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_canvas_has_whole_pixels_whatever_the_ratio() {
        let frame = Frame::new(533.5, 168.0, 1.0);
        assert_eq!((frame.width, frame.height), (533, 168));
        assert_eq!(frame.page_width(), 533.0);
        let frame = Frame::new(533.5, 168.0, 2.0);
        assert_eq!((frame.width, frame.height), (1_067, 336));
        let frame = Frame::new(100.0, 100.0, 1.1);
        assert_eq!(frame.width, 110);
        assert_eq!(frame.left(), 48.0);
    }

    #[test]
    fn without_room_there_is_no_plot() {
        assert!(!Frame::default().is_seen());
        assert!(!Frame::new(40.0, 168.0, 1.0).is_seen());
        assert!(Frame::new(300.0, 168.0, 1.0).is_seen());
        assert_eq!(Frame::new(300.0, 168.0, 0.0).ratio, 1.0);
    }
}
