//! The console's chart with data that is given from outside, for `chart.bench.ts` alone: it holds
//! lines, and draws them.

use std::cell::RefCell;
use std::rc::Rc;

use bulk::points::series::Line;
use console::chart::frame::Frame;
use console::chart::look::Look;
use console::chart::paint::{Picture, paint};
use console::chart::ticks::{Unit, axis};
use console::chart::time_ticks::time_ticks;
use js_sys::{Array, Float64Array, Reflect};
use wasm_bindgen::closure::Closure;
use wasm_bindgen::{JsCast, JsValue};
use web_sys::HtmlCanvasElement;

const COLOURS: [[u8; 3]; 5] = [
    [0, 110, 150],
    [190, 90, 20],
    [40, 140, 60],
    [140, 60, 160],
    [200, 40, 60],
];

fn main() {
    let lines = Rc::new(RefCell::new(Vec::<Line>::new()));
    let held = lines.clone();
    let hold = move |times: Float64Array, series: Array| {
        let times = times.to_vec();
        let line = |values: JsValue| {
            let values = values.unchecked_into::<Float64Array>().to_vec();
            Line::new(1.0, times.iter().copied().zip(values))
        };
        held.replace(series.iter().map(line).collect());
    };
    let draw = move |canvas: HtmlCanvasElement, start: f64, end: f64| {
        draw(&canvas, &lines.borrow(), (start, end)).is_some()
    };
    let hold: Closure<dyn FnMut(Float64Array, Array)> = Closure::new(hold);
    let draw: Closure<dyn FnMut(HtmlCanvasElement, f64, f64) -> bool> = Closure::new(draw);
    give("hold", &hold.into_js_value());
    give("draw", &draw.into_js_value());
}

/// Gives the page a function.
fn give(name: &str, function: &JsValue) {
    // Fails for an object that takes no property, which the page's own is not.
    let _ = Reflect::set(&js_sys::global(), &name.into(), function);
}

fn draw(canvas: &HtmlCanvasElement, lines: &[Line], span: (f64, f64)) -> Option<()> {
    let frame = Frame::new(900.0, 300.0, 1.0);
    let greatest = lines
        .iter()
        .filter_map(|line| line.greatest(span.0, span.1));
    let axis = axis(Unit::Cores, greatest.reduce(f64::max), frame.values());
    let coloured: Vec<_> = lines.iter().zip(COLOURS).collect();
    let picture = Picture {
        frame,
        span,
        times: &time_ticks(span, frame.times(), |_| 0),
        axis: &axis,
        lines: &coloured,
        marks: &[],
        look: &Look {
            font: "sans-serif".to_owned(),
            ..Look::default()
        },
    };
    paint(canvas, &picture)
}
