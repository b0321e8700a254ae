//! One chart on the page: its canvas, the cursor and the selection over it, its figures below it.

use std::sync::Arc;

use bulk::points::series::Line;
use leptos::html;
use leptos::prelude::*;

use super::board::Board;
use super::frame::Frame;
use super::hit::nearest;
use super::input::Input;
use super::paint::{Picture, paint};
use super::resize::use_frame;
use super::summary::Figures;
use super::ticks::{Axis, Unit, axis};
use super::time_ticks::time_ticks;
use crate::reactive::{dynamic, effect, memo};

/// What is known of the chart while it is shown.
#[derive(Clone, Copy)]
struct Drawn {
    board: Board,
    unit: Unit,
    line: Signal<Arc<Line>>,
    axis: Signal<Axis>,
    frame: ReadSignal<Frame>,
    figures: Memo<Option<Figures>>,
}

/// The axis of values for the part of a line that is shown.
pub fn axis_of(board: Board, unit: Unit, line: Signal<Arc<Line>>) -> Memo<Axis> {
    // The number of ticks is that of the height that the style sheet gives every chart.
    const TICKS: u32 = 3;
    memo(move || {
        let (start, end) = board.span.get();
        axis(unit, line.with(|line| line.greatest(start, end)), TICKS)
    })
}

/// A chart of one line. The pointer and the keyboard move a cursor that all charts of the board
/// share; a drag zooms, with the shift key it selects.
#[component]
pub fn Chart(
    board: Board,
    /// What it shows.
    #[prop(into)]
    name: String,
    unit: Unit,
    #[prop(into)] line: Signal<Arc<Line>>,
    /// That of [`axis_of`].
    #[prop(into)]
    axis: Signal<Axis>,
    /// Its canvas, for who wants a picture of it.
    canvas: NodeRef<html::Canvas>,
    /// What time it is, in seconds since 1970: whether its newest value is that of now.
    #[prop(into)]
    now: Signal<f64>,
    /// Why it shows no line, where it shows none.
    #[prop(into)]
    nothing: Signal<Option<String>>,
) -> impl IntoView {
    let element = NodeRef::<html::Div>::new();
    let frame = use_frame(element);
    let figures = memo(move || {
        let span = board.span.get();
        line.with(|line| Figures::of(line, span))
    });
    let drawn = Drawn {
        board,
        unit,
        line,
        axis,
        frame,
        figures,
    };
    drawn.paint(canvas);
    let input = Input::new(board, element, frame);
    let press = move |event: leptos::ev::KeyboardEvent| {
        let moved = line.with_untracked(|line| input.key(&event, line));
        if let Some(time) = moved {
            let words = untrack(|| drawn.told(time));
            board.told.set(words);
        }
    };
    let size = move |of: fn(&Frame) -> f64| move || frame.with(|frame| format!("{}px", of(frame)));
    let summary = move || match figures.get() {
        Some(figures) => figures.sentence(unit, |time| board.moment(time)),
        None => nothing.get().unwrap_or_default(),
    };
    let keys = "Arrow keys move the cursor, with shift they select. Enter zooms to what is \
                selected, Backspace goes back.";
    view! {
        <div class="chart">
            <div
                node_ref=element
                class="chart-face"
                role="application"
                tabindex="0"
                aria-roledescription="chart"
                aria-label=name
                aria-description=move || format!("{} {keys}", summary())
                on:pointerdown=move |event| input.down(&event)
                on:pointermove=move |event| input.over(&event)
                on:pointerup=move |event| input.up(&event)
                on:pointercancel=move |_| input.cancel()
                on:pointerleave=move |_| input.leave()
                on:blur=move |_| input.leave()
                on:dblclick=move |_| board.undo.run(())
                on:keydown=press
            >
                <canvas
                    node_ref=canvas
                    aria-hidden="true"
                    style:width=size(Frame::page_width)
                    style:height=size(Frame::page_height)
                ></canvas>
                {drawn.selection()}
                {drawn.cursor()}
            </div>
            {drawn.legend(now)}
        </div>
    }
}

impl Drawn {
    fn paint(self, canvas: NodeRef<html::Canvas>) {
        let Self { board, line, .. } = self;
        effect(move || {
            let Some(canvas) = canvas.get() else {
                return;
            };
            let (frame, span, axis) = (self.frame.get(), board.span.get(), self.axis.get());
            let (line, marks, look) = (line.get(), board.marks.get(), board.look.get());
            let picture = Picture {
                frame,
                span,
                times: &time_ticks(span, frame.times(), board.zone()),
                axis: &axis,
                lines: &[(&line, look.line)],
                marks: &marks,
                look: &look,
            };
            // A browser without a canvas still has the figures and the table.
            let _ = paint(&canvas, &picture);
        });
    }

    /// The point that the cursor is at: its moment, value and place. Tracked.
    fn hit(self) -> Option<(f64, f64)> {
        let time = self.board.cursor.get()?;
        let span = self.board.span.get();
        self.line.with(|line| {
            // A pointer is never nearer to a point than a pixel or two.
            let slope = self.frame.with(|frame| frame.page_x(span).slope());
            let pixels = if slope > 0.0 { 2.0 / slope } else { 0.0 };
            line.get(nearest(line, time, line.step().max(pixels))?)
        })
    }

    /// What is read aloud at a moment. Tracked.
    fn told(self, time: f64) -> String {
        let value = self.line.with(|line| {
            let place = nearest(line, time, line.step())?;
            line.get(place).map(|(_, value)| self.unit.words(value))
        });
        let step = self.line.with(|line| line.step());
        let marks = self.board.marks.get();
        let near = marks.iter().filter(|mark| (mark.at - time).abs() <= step);
        let mut words = format!(
            "{}: {}",
            self.board.moment(time),
            value.unwrap_or_else(|| "nothing measured".to_owned())
        );
        for mark in near {
            words.push_str(&format!(". {}", mark.words));
        }
        words
    }

    fn selection(self) -> AnyView {
        let selection = self.board.selection;
        let x = move || self.frame.get().page_x(self.board.span.get());
        let from = move || {
            let (start, _) = selection.get().unwrap_or_default();
            format!("{}px", x().place(start))
        };
        let length = move || {
            let (start, end) = selection.get().unwrap_or_default();
            format!("{}px", x().place(end) - x().place(start))
        };
        let is_there = memo(move || selection.get().is_some());
        dynamic(move || match is_there.get() {
            true => view! { <div class="chart-span" style:left=from style:width=length></div> }
                .into_any(),
            false => ().into_any(),
        })
    }

    fn cursor(self) -> AnyView {
        let place = move || {
            let time = self.board.cursor.get()?;
            let x = self.frame.get().page_x(self.board.span.get());
            let hit = self.hit();
            Some((x.place(hit.map_or(time, |(time, _)| time)), hit))
        };
        let place = memo(place);
        let left = move || format!("{}px", place.get().map_or(0.0, |(left, _)| left));
        let top = move || {
            let hit = place.get().and_then(|(_, hit)| hit);
            let frame = self.frame.get();
            let y = frame.y(self.axis.with(|axis| axis.top));
            format!(
                "{}px",
                hit.map_or(0.0, |(_, value)| y.place(value)) / frame.ratio
            )
        };
        let is_there = memo(move || place.get().is_some());
        let is_hit = memo(move || place.get().is_some_and(|(_, hit)| hit.is_some()));
        dynamic(move || match is_there.get() {
            true => view! {
                <div class="chart-cursor" style:left=left></div>
                <i
                    class="chart-dot"
                    class:hidden=move || !is_hit.get()
                    style:left=left
                    style:top=top
                ></i>
            }
            .into_any(),
            false => ().into_any(),
        })
    }

    /// The value at the cursor, or the newest; then what is said of all.
    fn legend(self, now: Signal<f64>) -> impl IntoView {
        let Self {
            board,
            unit,
            line,
            figures,
            ..
        } = self;
        let newest = memo(move || {
            let step = line.with(|line| line.step());
            let is_current = |figures: Figures| figures.is_current(step, now.get());
            match figures.get().is_some_and(is_current) {
                true => "now",
                false => "last",
            }
        });
        let at = move || match board.cursor.get() {
            Some(time) => {
                let hit = self.hit();
                let value = hit.map_or_else(|| "–".to_owned(), |(_, value)| unit.short(value));
                (board.moment(hit.map_or(time, |(time, _)| time)), value)
            }
            None => {
                let words = figures.get().map(|figures| unit.short(figures.last));
                (
                    newest.get().to_owned(),
                    words.unwrap_or_else(|| "–".to_owned()),
                )
            }
        };
        let at = memo(at);
        let of = move |figure: fn(&Figures) -> f64| {
            memo(move || {
                let figures = figures.get();
                figures.map_or_else(|| "–".to_owned(), |figures| unit.short(figure(&figures)))
            })
        };
        let least = of(|figures| figures.least);
        let mean = of(|figures| figures.mean);
        let greatest = of(|figures| figures.greatest);
        view! {
            <dl class="legend">
                <div class="legend-at">
                    <dt>{move || at.get().0}</dt>
                    <dd>
                        <b>{move || at.get().1}</b>
                    </dd>
                </div>
                <div>
                    <dt>"min"</dt>
                    <dd>{least}</dd>
                </div>
                <div>
                    <dt>"mean"</dt>
                    <dd>{mean}</dd>
                </div>
                <div>
                    <dt>"max"</dt>
                    <dd>{greatest}</dd>
                </div>
            </dl>
        }
    }
}
