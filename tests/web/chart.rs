//! A chart on its canvas: sharp, with every spike, and without what is not there.

use std::sync::Arc;

use bulk::points::series::Line;
use console::chart::board::Board;
use console::chart::ticks::Unit;
use console::chart::view::{Chart, axis_of};
use leptos::html;
use leptos::prelude::*;
use wasm_bindgen::JsCast;
use wasm_bindgen_test::wasm_bindgen_test;
use web_sys::{CanvasRenderingContext2d, HtmlCanvasElement};

use crate::page::{Page, frame, until, window};

/// Seconds that the chart shows: far more points than pixels.
const LENGTH: usize = 50_000;

fn chart(points: impl Iterator<Item = (f64, f64)>) -> Page {
    let line = Arc::new(Line::new(1.0, points));
    Page::show(move || {
        let board = Board::new(
            Signal::stored((0.0, LENGTH as f64)),
            Signal::stored(Arc::default()),
            Signal::stored(true),
            Callback::new(|_| {}),
            Callback::new(|()| {}),
        );
        let line: Signal<Arc<Line>> = Signal::stored(line.clone());
        let axis = axis_of(board, Unit::Cores, line);
        let canvas = NodeRef::<html::Canvas>::new();
        view! {
            <div style="width: 633.5px">
                <Chart
                    board
                    name="CPU"
                    unit=Unit::Cores
                    line
                    axis
                    canvas
                    now=0.0
                    nothing=None
                />
            </div>
        }
    })
}

fn canvas(page: &Page) -> HtmlCanvasElement {
    page.find("canvas").dyn_into().unwrap()
}

/// The pixels of one column, from above, as how much of each is painted.
fn column(canvas: &HtmlCanvasElement, x: u32) -> Vec<u8> {
    let context = canvas.get_context("2d").unwrap().unwrap();
    let context: CanvasRenderingContext2d = context.dyn_into().unwrap();
    let height = f64::from(canvas.height());
    let data = context.get_image_data(f64::from(x), 0.0, 1.0, height);
    let data = data.unwrap().data();
    data.0.chunks(4).map(|pixel| pixel[3]).collect()
}

async fn drawn(page: &Page) -> HtmlCanvasElement {
    until("the chart is drawn", || canvas(page).width() > 300).await;
    frame().await;
    canvas(page)
}

#[wasm_bindgen_test]
async fn a_canvas_has_a_pixel_for_each_of_the_device() {
    let page = chart((0..LENGTH).map(|at| (at as f64, 0.5)));
    let canvas = drawn(&page).await;
    let ratio = window().device_pixel_ratio();
    let width = canvas.get_bounding_client_rect().width() * ratio;
    assert!((width - f64::from(canvas.width())).abs() < 0.01);
    // The lines of the axis are of full pixels: none is half painted.
    let left = column(&canvas, (60.0 * ratio) as u32);
    let grid = left.iter().filter(|alpha| **alpha == 255).count();
    assert!(grid >= 3, "{left:?}");
}

#[wasm_bindgen_test]
async fn a_spike_of_one_point_is_drawn_to_its_top() {
    let spike = LENGTH / 2;
    let value = move |at| if at == spike { 1.0 } else { 0.1 };
    let page = chart((0..LENGTH).map(|at| (at as f64, value(at))));
    let canvas = drawn(&page).await;
    let ratio = window().device_pixel_ratio();
    let (left, right) = (44.0 * ratio, f64::from(canvas.width()) - 10.0 * ratio);
    let middle = ((left + right) / 2.0) as u32;
    let near = (middle - 2..=middle + 2).map(|x| column(&canvas, x));
    let top = (28.0 * ratio) as usize;
    let is_seen = near.into_iter().any(|column| column[top] > 100);
    assert!(is_seen, "nothing is painted at the spike's top");
}

#[wasm_bindgen_test]
async fn a_gap_is_left_blank() {
    let half = LENGTH / 2;
    let page = chart((0..half).map(|at| (at as f64, 0.1)));
    let canvas = drawn(&page).await;
    let ratio = window().device_pixel_ratio();
    let right = (f64::from(canvas.width()) * 0.8) as u32;
    let painted = |x| {
        column(&canvas, x)
            .iter()
            .filter(|alpha| **alpha > 0)
            .count()
    };
    let with_line = painted((100.0 * ratio) as u32);
    assert!(
        with_line > painted(right),
        "a line goes on where nothing was measured"
    );
}
