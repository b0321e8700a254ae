//! What the pointer and the keyboard do on a chart: move the cursor, select a span, zoom and undo.

use bulk::points::series::Line;
use leptos::ev;
use leptos::html;
use leptos::prelude::*;

use super::board::{Board, Span};
use super::frame::Frame;
use super::hit::{Way, walk};

/// So many pixels of a drag are still a click.
const CLICK: f64 = 4.0;

/// Where a drag began.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Drag {
    time: f64,
    place: f64,
    /// Whether it selects alone, and does not zoom.
    selects: bool,
}

/// The handlers of one chart.
#[derive(Clone, Copy)]
pub struct Input {
    board: Board,
    element: NodeRef<html::Div>,
    frame: ReadSignal<Frame>,
    drag: StoredValue<Option<Drag>>,
}

impl Input {
    /// Those of the chart in an element.
    pub fn new(board: Board, element: NodeRef<html::Div>, frame: ReadSignal<Frame>) -> Self {
        Self {
            board,
            element,
            frame,
            drag: StoredValue::new(None),
        }
    }

    /// The moment below the pointer, and its place in pixels of the page.
    fn at(self, event: &ev::PointerEvent) -> Option<(f64, f64)> {
        let element = self.element.get_untracked()?;
        let place = f64::from(event.client_x()) - element.get_bounding_client_rect().left();
        let span = self.board.span.get_untracked();
        let x = self.frame.get_untracked().page_x(span);
        Some((x.value(place).clamp(span.0, span.1), place))
    }

    /// A button or a finger goes down.
    pub fn down(self, event: &ev::PointerEvent) {
        if event.button() != 0 {
            return;
        }
        let Some((time, place)) = self.at(event) else {
            return;
        };
        if let Some(element) = self.element.get_untracked() {
            // Fails only for a pointer that is gone already.
            let _ = element.set_pointer_capture(event.pointer_id());
        }
        self.board.cursor.set(Some(time));
        self.drag.set_value(Some(Drag {
            time,
            place,
            selects: event.shift_key(),
        }));
    }

    /// The pointer moves.
    pub fn over(self, event: &ev::PointerEvent) {
        let Some((time, place)) = self.at(event) else {
            return;
        };
        self.board.cursor.set(Some(time));
        if let Some(drag) = self.drag.get_value()
            && (place - drag.place).abs() > CLICK
        {
            self.board.selection.set(Some(ordered(drag.time, time)));
        }
    }

    /// The button or the finger goes up: what was dragged over is shown alone, or stays selected.
    pub fn up(self, event: &ev::PointerEvent) {
        let drag = self.drag.get_value();
        self.drag.set_value(None);
        let (Some(drag), Some((time, place))) = (drag, self.at(event)) else {
            return;
        };
        if (place - drag.place).abs() <= CLICK {
            self.board.selection.set(None);
        } else if !drag.selects {
            self.board.selection.set(None);
            self.board.zoom.run(ordered(drag.time, time));
        }
    }

    /// The browser took the pointer away, to scroll say.
    pub fn cancel(self) {
        if self.drag.get_value().is_some() {
            self.drag.set_value(None);
            self.board.selection.set(None);
        }
        self.leave();
    }

    /// The pointer or the focus goes elsewhere.
    pub fn leave(self) {
        if self.drag.get_value().is_none() {
            self.board.cursor.set(None);
        }
    }

    /// A key: where the cursor went to, and whether the key was used.
    pub fn key(self, event: &ev::KeyboardEvent, line: &Line) -> Option<f64> {
        if event.ctrl_key() || event.meta_key() || event.alt_key() {
            return None;
        }
        let span = self.board.span.get_untracked();
        let tenth = (line.within(span.0, span.1).len() / 10).max(1) as isize;
        let way = match event.key().as_str() {
            "ArrowLeft" => Way::By(-1),
            "ArrowRight" => Way::By(1),
            "PageUp" => Way::By(-tenth),
            "PageDown" => Way::By(tenth),
            "Home" => Way::First,
            "End" => Way::Last,
            other => {
                if self.act(other) {
                    event.prevent_default();
                }
                return None;
            }
        };
        event.prevent_default();
        let from = self.board.cursor.get_untracked();
        let to = walk(line, span, from, way)?;
        if event.shift_key() {
            self.extend(from.unwrap_or(to), to);
        }
        self.board.cursor.set(Some(to));
        Some(to)
    }

    /// A key that does something with what is selected.
    fn act(self, key: &str) -> bool {
        let selection = self.board.selection;
        match (key, selection.get_untracked()) {
            ("Enter", Some(span)) => {
                selection.set(None);
                self.board.zoom.run(span);
            }
            ("Escape", Some(_)) => selection.set(None),
            ("Backspace", _) => self.board.undo.run(()),
            _ => return false,
        }
        true
    }

    /// Selects from the end that stays to where the cursor went.
    fn extend(self, from: f64, to: f64) {
        let old = self.board.selection.get_untracked();
        let fixed = match old {
            Some((start, end)) if end == from => start,
            Some((start, end)) if start == from => end,
            _ => from,
        };
        self.board.selection.set(Some(ordered(fixed, to)));
    }
}

fn ordered(a: f64, b: f64) -> Span {
    (a.min(b), a.max(b))
}
