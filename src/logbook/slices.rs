//! Long work in short pieces, one a frame, so that keys and the scroll are answered in between.

use std::rc::Rc;

use leptos::prelude::*;

/// Milliseconds of work in one frame: as much again is left for drawing it.
const PIECE: f64 = 7.0;

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

    /// Does a piece now, and others in the frames to come until all is done.
    pub fn start(self) {
        let Some(run) = self.run.try_with_value(Rc::clone) else {
            return;
        };
        let end = js_sys::Date::now() + PIECE;
        let is_done = run(&mut || js_sys::Date::now() < end);
        let was_due = self.is_due.try_get_value() == Some(true);
        if !is_done && !was_due {
            self.is_due.try_update_value(|due| *due = true);
            request_animation_frame(move || {
                if self.is_due.try_update_value(|due| *due = false).is_some() {
                    self.start();
                }
            });
        }
    }
}
