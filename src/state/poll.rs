//! The only timers of the console: doing something later, now and then, or as long as a page wants
//! fresh data.

use std::cell::RefCell;
use std::future::Future;
use std::pin::Pin;
use std::rc::Rc;
use std::time::Duration;

use futures_util::future::{AbortHandle, abortable};
use leptos::ev;
use leptos::leptos_dom::helpers::{
    TimeoutHandle, WindowListenerHandle, set_timeout_with_handle, window_event_listener,
    window_event_listener_untyped,
};
use leptos::prelude::{LocalStorage, StoredValue, on_cleanup};
use leptos::reactive::traits::{Dispose, UpdateValue, WithValue};
use leptos::task::spawn_local;

/// The longest that a platform may ask for until the next attempt, in milliseconds.
const LONGEST_WAIT: u32 = 600_000;

/// The longest pause between two attempts that fail, in milliseconds.
const LONGEST_PAUSE: u32 = 60_000;

/// Something that is run again and again, for as long as its owner lives.
#[derive(Clone, Copy)]
pub struct Poll(StoredValue<Rc<RefCell<Inner>>, LocalStorage>);

/// What one run says: whether it brought an answer, and when the next one is due.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Landed {
    /// Whether it brought an answer, or will bring none however often it is repeated.
    pub ok: bool,
    /// Milliseconds until the next run; `None`: only when asked. After a run that brought no answer the
    /// pause that grows with each failure, and no shorter than this.
    pub next: Option<u32>,
}

type Flight = Pin<Box<dyn Future<Output = Landed>>>;

struct Inner {
    run: Rc<dyn Fn() -> Flight>,
    timer: Option<Timer>,
    flight: Option<AbortHandle>,
    /// Asked for while one was in flight: runs once more as soon as that one lands.
    again: bool,
    /// Came due while the tab was hidden or offline: runs on return.
    missed: bool,
    failures: u32,
    closed: bool,
}

impl Poll {
    /// Runs at once, and then whenever `run` says. Stops with the owner.
    pub fn start<F>(run: impl Fn() -> F + 'static) -> Self
    where
        F: Future<Output = Landed> + 'static,
    {
        let inner = Rc::new(RefCell::new(Inner {
            run: Rc::new(move || Box::pin(run())),
            timer: None,
            flight: None,
            again: false,
            missed: false,
            failures: 0,
            closed: false,
        }));
        let poll = Self(StoredValue::new_local(inner.clone()));
        let listeners = on_return(move || poll.catch_up());
        on_cleanup(move || {
            for listener in listeners {
                listener.remove();
            }
            poll.0.try_with_value(close);
        });
        take_off(&inner);
        poll
    }

    /// Runs now; if a run is in flight, once more when it has landed.
    pub fn refresh(self) {
        self.0.try_with_value(|inner| {
            let busy = {
                let mut inner = inner.borrow_mut();
                inner.again = inner.flight.is_some();
                inner.again
            };
            if !busy {
                take_off(inner);
            }
        });
    }

    /// Gives up the run in flight, whose question is outdated, and runs now.
    pub fn restart(self) {
        self.0.try_with_value(|inner| {
            let flight = inner.borrow_mut().flight.take();
            if let Some(flight) = flight {
                flight.abort();
            }
            take_off(inner);
        });
    }

    fn catch_up(self) {
        self.0.try_with_value(|inner| {
            let due = {
                let inner = inner.borrow();
                inner.flight.is_none() && (inner.missed || inner.failures > 0)
            };
            if due && is_visible() {
                take_off(inner);
            }
        });
    }
}

fn close(inner: &Rc<RefCell<Inner>>) {
    let mut inner = inner.borrow_mut();
    inner.closed = true;
    inner.timer = None;
    if let Some(flight) = inner.flight.take() {
        flight.abort();
    }
}

fn take_off(inner: &Rc<RefCell<Inner>>) {
    let run = {
        let mut inner = inner.borrow_mut();
        if inner.closed {
            return;
        }
        inner.timer = None;
        inner.missed = false;
        inner.again = false;
        inner.run.clone()
    };
    let (flight, handle) = abortable(run());
    inner.borrow_mut().flight = Some(handle);
    let inner = inner.clone();
    spawn_local(async move {
        if let Ok(landed) = flight.await {
            land(&inner, landed);
        }
    });
}

fn land(inner: &Rc<RefCell<Inner>>, landed: Landed) {
    let (again, failures) = {
        let mut inner = inner.borrow_mut();
        inner.flight = None;
        inner.failures = if landed.ok { 0 } else { inner.failures + 1 };
        (inner.again, inner.failures)
    };
    if again {
        take_off(inner);
    } else if let Some(pause) = pause(landed, failures, js_sys::Math::random()) {
        let weak = Rc::downgrade(inner);
        let timer = Timer::start(pause, move || {
            if let Some(inner) = weak.upgrade() {
                come_due(&inner);
            }
        });
        inner.borrow_mut().timer = timer;
    }
}

fn come_due(inner: &Rc<RefCell<Inner>>) {
    if is_visible() {
        take_off(inner);
    } else {
        inner.borrow_mut().missed = true;
    }
}

/// Milliseconds until the next run. Failures double the pause, from 2 seconds to a minute, and a
/// random part keeps many pages from returning in one moment.
fn pause(landed: Landed, failures: u32, random: f64) -> Option<u32> {
    if landed.ok {
        return landed.next;
    }
    let doubled = 1_000u32.saturating_mul(1 << failures.min(10));
    let most = f64::from(doubled.min(LONGEST_PAUSE));
    let pause = (most * (0.75 + random / 4.0)) as u32;
    Some(pause.max(landed.next.unwrap_or_default().min(LONGEST_WAIT)))
}

fn is_visible() -> bool {
    web_sys::window()
        .and_then(|window| window.document())
        .is_none_or(|document| !document.hidden())
}

/// Calls back when the tab is shown again or the network is back.
fn on_return(callback: impl Fn() + Clone + 'static) -> [WindowListenerHandle; 2] {
    let other = callback.clone();
    [
        window_event_listener_untyped("visibilitychange", move |_| callback()),
        window_event_listener(ev::online, move |_| other()),
    ]
}

/// A timer that is cleared when it is dropped.
struct Timer(TimeoutHandle);

impl Timer {
    fn start(milliseconds: u32, callback: impl FnOnce() + 'static) -> Option<Self> {
        let pause = Duration::from_millis(u64::from(milliseconds));
        set_timeout_with_handle(callback, pause).ok().map(Self)
    }
}

impl Drop for Timer {
    fn drop(&mut self) {
        self.0.clear();
    }
}

/// Something that is done a while after it was last asked for, unless its owner goes first.
#[derive(Clone, Copy)]
pub struct Later(StoredValue<Option<Timer>, LocalStorage>);

impl Later {
    /// Nothing asked for yet.
    pub fn new() -> Self {
        let later = Self(StoredValue::new_local(None));
        on_cleanup(move || later.0.dispose());
        later
    }

    /// Does it after so many milliseconds, instead of what was asked for before.
    pub fn run(self, milliseconds: u32, callback: impl FnOnce() + 'static) {
        self.0
            .try_update_value(|timer| *timer = Timer::start(milliseconds, callback));
    }
}

impl Default for Later {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FAILED: Landed = Landed {
        ok: false,
        next: None,
    };

    #[test]
    fn an_answer_keeps_the_pace() {
        let landed = Landed {
            ok: true,
            next: Some(5_000),
        };
        assert_eq!(pause(landed, 0, 0.5), Some(5_000));
        assert_eq!(
            pause(
                Landed {
                    next: None,
                    ..landed
                },
                0,
                0.5
            ),
            None
        );
    }

    #[test]
    fn failures_back_off_up_to_a_minute() {
        let pauses: Vec<u32> = (1..8).filter_map(|n| pause(FAILED, n, 1.0)).collect();
        assert_eq!(
            pauses,
            [2_000, 4_000, 8_000, 16_000, 32_000, 60_000, 60_000]
        );
        assert_eq!(pause(FAILED, u32::MAX, 1.0), Some(LONGEST_PAUSE));
    }

    #[test]
    fn a_platform_is_not_asked_before_it_wants_to_be() {
        let asked = |next| Landed {
            ok: false,
            next: Some(next),
        };
        assert_eq!(pause(asked(30_000), 1, 1.0), Some(30_000));
        assert_eq!(pause(asked(1_000), 3, 1.0), Some(8_000));
        assert_eq!(pause(asked(u32::MAX), 1, 1.0), Some(LONGEST_WAIT));
    }

    #[test]
    fn a_random_part_spreads_pages() {
        assert_eq!(pause(FAILED, 1, 0.0), Some(1_500));
    }
}
