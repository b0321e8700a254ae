//! Long work in short pieces, one a frame, so that keys and the scroll are answered in between.

use std::rc::Rc;

use leptos::prelude::*;

/// Milliseconds of work in one frame: more than as much again is left for drawing it.
const PIECE: f64 = 6.0;

/// Milliseconds of work at once, when a key or an answer has asked for it: both have work of their
/// own in that moment.
const FIRST: f64 = 3.0;

/// Work that goes on for as long as its owner lives.
#[derive(Clone, Copy)]
pub struct Slices {
    run: StoredValue<Run, LocalStorage>,
    is_due: StoredValue<bool, LocalStorage>,
}

/// Does a piece: it asks now and then whether there is time, and says at last whether all is done.
type Run = Rc<dyn Fn(&mut dyn FnMut() -> bool) -> bool>;

impl Slices {
    /// Nothing is done until it is started.
    pub fn new(run: impl Fn(&mut dyn FnMut() -> bool) -> bool + 'static) -> Self {
        Self {
            run: StoredValue::new_local(Rc::new(run)),
            is_due: StoredValue::new_local(false),
        }
    }

    /// Does a short piece now, and others in the frames to come until all is done.
    pub fn start(self) {
        self.work(FIRST);
    }

    fn work(self, milliseconds: f64) {
        let Some(run) = self.run.try_with_value(Rc::clone) else {
            return;
        };
        let end = js_sys::Date::now() + milliseconds;
        let is_done = run(&mut || js_sys::Date::now() < end);
        let was_due = self.is_due.try_get_value() == Some(true);
        if !is_done && !was_due {
            self.is_due.try_update_value(|due| *due = true);
            request_animation_frame(move || {
                if self.is_due.try_update_value(|due| *due = false).is_some() {
                    self.work(PIECE);
                }
            });
        }
    }
}
