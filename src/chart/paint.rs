//! Paints a chart on a canvas, with plotters' canvas: axes, lines, marks.

use bulk::points::decimate::{Kept, decimate};
use bulk::points::scale::Scale;
use bulk::points::series::Line;
use plotters::backend::DrawingBackend;
use plotters::style::text_anchor::{HPos, Pos, VPos};
use plotters::style::{Color, FontDesc, FontFamily, FontStyle, RGBColor, ShapeStyle, TextStyle};
use plotters_canvas::CanvasBackend;
use wasm_bindgen::{JsCast, JsValue};
use web_sys::{CanvasRenderingContext2d, HtmlCanvasElement};

use super::board::{Mark, MarkKind};
use super::frame::Frame;
use super::look::{Colour, Look};
use super::ticks::{Axis, Tick};

/// plotters counts in whole numbers: so many of them make a pixel of the device, and a line has no
/// steps.
const FINE: f64 = 16.0;

/// Sizes in pixels of the page.
const TEXT: f64 = 10.5;
const STROKE: f64 = 1.6;
/// Of lines that have more points than there are pixels.
const THIN_STROKE: f64 = 1.0;
const LETTER: f64 = 6.2;

/// All that is painted.
pub struct Picture<'a> {
    /// Where it is painted.
    pub frame: Frame,
    /// What the axis of time shows.
    pub span: (f64, f64),
    /// What is written at it.
    pub times: &'a [Tick],
    /// The axis of values.
    pub axis: &'a Axis,
    /// The lines and their colours.
    pub lines: &'a [(&'a Line, Colour)],
    /// The marks, oldest first.
    pub marks: &'a [Mark],
    /// What it is painted with.
    pub look: &'a Look,
}

/// Paints a picture in place of what was there. `None` where the browser gives no canvas.
pub fn paint(canvas: &HtmlCanvasElement, picture: &Picture<'_>) -> Option<()> {
    let frame = picture.frame;
    let context = context(canvas)?;
    if (canvas.width(), canvas.height()) == (frame.width, frame.height) {
        context.reset_transform().ok()?;
        context.clear_rect(0.0, 0.0, f64::from(frame.width), f64::from(frame.height));
    } else {
        canvas.set_width(frame.width);
        canvas.set_height(frame.height);
    }
    if !frame.is_seen() {
        return Some(());
    }
    let fine = 1.0 / FINE;
    context.set_transform(fine, 0.0, 0.0, fine, 0.0, 0.0).ok()?;
    // Its backend is used as it is: a drawing area would cut what is counted finer than pixels.
    let mut brush = Brush {
        backend: CanvasBackend::with_canvas_object(canvas.clone())?,
        context,
        frame,
        font: &picture.look.font,
    };
    brush.axes(picture)?;
    brush.lines(picture)?;
    brush.marks(picture)
}

fn context(canvas: &HtmlCanvasElement) -> Option<CanvasRenderingContext2d> {
    canvas.get_context("2d").ok()??.dyn_into().ok()
}

/// A copy of a chart on its ground, with a title above: a picture that stands for itself.
pub fn titled(canvas: &HtmlCanvasElement, title: &str, look: &Look) -> Option<HtmlCanvasElement> {
    let ratio = web_sys::window()?.device_pixel_ratio();
    let head = (40.0 * ratio).round();
    let copy = leptos::prelude::document().create_element("canvas").ok()?;
    let copy: HtmlCanvasElement = copy.dyn_into().ok()?;
    copy.set_width(canvas.width());
    copy.set_height(canvas.height() + head as u32);
    let context = context(&copy)?;
    let css = |[red, green, blue]: Colour| format!("rgb({red} {green} {blue})");
    context.set_fill_style_str(&css(look.ground));
    context.fill_rect(0.0, 0.0, f64::from(copy.width()), f64::from(copy.height()));
    context.set_fill_style_str(&css(look.title));
    context.set_font(&format!("600 {}px {}", 13.5 * ratio, look.font));
    context.set_text_baseline("middle");
    context.fill_text(title, 16.0 * ratio, head / 2.0).ok()?;
    context
        .draw_image_with_html_canvas_element(canvas, 0.0, head)
        .ok()?;
    Some(copy)
}

struct Brush<'a> {
    backend: CanvasBackend,
    context: CanvasRenderingContext2d,
    frame: Frame,
    font: &'a str,
}

impl Brush<'_> {
    fn axes(&mut self, picture: &Picture<'_>) -> Option<()> {
        let Frame { ratio, .. } = self.frame;
        let look = picture.look;
        let (left, right) = (self.frame.left(), self.frame.right());
        let y = self.frame.y(picture.axis.top);
        for tick in &picture.axis.ticks {
            let at = self.crisp(y.place(tick.value));
            self.path([(left, at), (right, at)], look.grid)?;
            let text = (left - 6.0 * ratio, at);
            self.text(&tick.text, text, HPos::Right, VPos::Center, look.number)?;
        }
        let x = self.frame.x(picture.span);
        let below = self.frame.bottom() + 7.0 * ratio;
        for tick in picture.times {
            let at = x.place(tick.value);
            let half = tick.text.len() as f64 * LETTER * ratio / 2.0;
            if at - half >= 0.0 && at + half <= f64::from(self.frame.width) {
                let stub = self.crisp(at);
                let bottom = self.frame.bottom();
                self.path([(stub, bottom), (stub, bottom + 4.0 * ratio)], look.grid)?;
                self.text(
                    &tick.text,
                    (at, below),
                    HPos::Center,
                    VPos::Top,
                    look.number,
                )?;
            }
        }
        Some(())
    }

    fn lines(&mut self, picture: &Picture<'_>) -> Option<()> {
        let Frame { ratio, height, .. } = self.frame;
        let (left, right) = (self.frame.left(), self.frame.right());
        // A line leads on to the points out of view.
        self.context.save();
        self.context.begin_path();
        self.context.rect(
            left * FINE,
            0.0,
            (right - left) * FINE,
            f64::from(height) * FINE,
        );
        self.context.clip();
        self.context.set_line_join("bevel");
        let x = self.frame.x(picture.span);
        let y = self.frame.y(picture.axis.top);
        for (line, colour) in picture.lines {
            let range = line.around(picture.span.0, picture.span.1);
            let is_dense = range.len() as f64 > 2.0 * (right - left);
            let width = if is_dense { THIN_STROKE } else { STROKE };
            let [red, green, blue] = *colour;
            let style = RGBColor(red, green, blue).stroke_width(length(width * ratio));
            let kept = decimate(line, &range, &x);
            self.line(line, &kept, &x, &y, style)?;
        }
        self.context.restore();
        Some(())
    }

    fn line(
        &mut self,
        line: &Line,
        kept: &Kept,
        x: &Scale,
        y: &Scale,
        style: ShapeStyle,
    ) -> Option<()> {
        for run in &kept.runs {
            let points = kept.places.get(run.clone())?.iter();
            let points = points.filter_map(|place| line.get(*place));
            let mut points = points.map(|(time, value)| fine((x.place(time), y.place(value))));
            if run.len() > 1 {
                self.backend.draw_path(points, &style).ok()?;
            } else if let Some(point) = points.next() {
                // A point alone is no line.
                let radius = length(STROKE * self.frame.ratio);
                self.backend.draw_circle(point, radius, &style, true).ok()?;
            }
        }
        Some(())
    }

    /// Marks are told apart by their dashes and names, not by colour alone. Where two would be in
    /// one place, or two names would overlap, the newest stands for both.
    fn marks(&mut self, picture: &Picture<'_>) -> Option<()> {
        let Frame { ratio, .. } = self.frame;
        let x = self.frame.x(picture.span);
        let (top, bottom) = (4.0 * ratio, self.frame.bottom());
        let mut later = [f64::INFINITY; 2];
        let mut named = f64::INFINITY;
        for mark in picture.marks.iter().rev() {
            if !(picture.span.0..=picture.span.1).contains(&mark.at) {
                continue;
            }
            let at = self.crisp(x.place(mark.at));
            let (kind, dashes, colour) = match mark.kind {
                MarkKind::Release => (0, [3.0, 3.0], picture.look.release),
                MarkKind::Restart => (1, [1.0, 3.0], picture.look.restart),
            };
            let later = later.get_mut(kind)?;
            if *later - at < 2.0 * ratio {
                continue;
            }
            *later = at;
            let dashes = dashes.map(|length: f64| JsValue::from_f64(length * ratio * FINE));
            let dashes = js_sys::Array::from_iter(dashes);
            self.context.set_line_dash(&dashes).ok()?;
            self.path([(at, top), (at, bottom)], colour)?;
            self.context.set_line_dash(&js_sys::Array::new()).ok()?;
            let width = (mark.label.chars().count() as f64 * LETTER + 8.0) * ratio;
            // At the right edge a name stands before its mark.
            let is_late = at + width > f64::from(self.frame.width);
            let (from, name, side) = match is_late {
                true => (at - width, at - 4.0 * ratio, HPos::Right),
                false => (at, at + 4.0 * ratio, HPos::Left),
            };
            if from + width <= named {
                named = from;
                self.text(&mark.label, (name, top), side, VPos::Top, picture.look.name)?;
            }
        }
        Some(())
    }

    /// Where a straight line of one pixel fills whole pixels.
    fn crisp(&self, at: f64) -> f64 {
        let width = self.frame.whole(1.0);
        match width % 2.0 == 1.0 {
            true => at.floor() + 0.5,
            false => at.round(),
        }
    }

    fn path(&mut self, points: [(f64, f64); 2], [red, green, blue]: Colour) -> Option<()> {
        let style = RGBColor(red, green, blue).stroke_width(length(self.frame.whole(1.0)));
        self.backend.draw_path(points.map(fine), &style).ok()
    }

    fn text(
        &mut self,
        text: &str,
        at: (f64, f64),
        side: HPos,
        level: VPos,
        [red, green, blue]: Colour,
    ) -> Option<()> {
        let size = TEXT * self.frame.ratio * FINE;
        let font = FontDesc::new(FontFamily::Name(self.font), size, FontStyle::Normal);
        let colour = RGBColor(red, green, blue);
        let style = TextStyle::from(font)
            .color(&colour)
            .pos(Pos::new(side, level));
        self.backend.draw_text(text, &style, fine(at)).ok()
    }
}

/// A length as plotters counts it.
fn length(pixels: f64) -> u32 {
    (pixels * FINE).round() as u32
}

/// A place as plotters counts it.
fn fine((x, y): (f64, f64)) -> (i32, i32) {
    ((x * FINE).round() as i32, (y * FINE).round() as i32)
}
