//! A log on the page: its lines, which of them are shown, where it is scrolled to, what is looked
//! for and which line is marked. What stands around the log works through this.

use bulk::lines::line::{LineId, LineKey};
use bulk::lines::needle::Needle;
use bulk::lines::selection::Selection;
use bulk::lines::shown::Shown;
use bulk::lines::store::{Line, Store};
use leptos::prelude::*;

use super::scroll::{AT_END, BeforeText, Scroll};
use super::slices::Slices;
use crate::reactive::{effect, memo};
use crate::state::clock::{Day, use_today};
use crate::state::preference::use_preferences;

/// What stands before the text of a wrapped line, as the style sheet says it; then the same on
/// phones.
const BEFORE_TEXT: BeforeText = (27.0, 4.0 * 12.0 + 2.0 * 16.0);
const BEFORE_TEXT_ON_PHONES: BeforeText = (17.0, 3.0 * 12.0 + 2.0 * 16.0);

/// How many characters more stand there where times have their day.
const DAY: f64 = 7.0;

/// How many bytes of the newest lines tell which letters are rare.
const SAMPLE: usize = 64 * 1024;

/// What is shown of a log.
#[derive(Clone, Copy)]
pub struct View {
    /// Changes whenever the store did.
    pub change: Memo<u32>,
    /// Which lines.
    pub selection: Memo<Selection>,
    /// Whether long lines wrap.
    pub wrap: RwSignal<bool>,
    /// What is looked for, and whether capitals count.
    pub wanted: Memo<(String, bool)>,
    /// The line that the address names.
    pub marked: Memo<Option<LineKey>>,
    /// Whether it follows its end: a person who scrolls up leaves it.
    pub follows: RwSignal<bool>,
    /// Whether more lines came than are added while it does not.
    pub is_behind: Memo<bool>,
}

/// How the times of all lines are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Times {
    /// How long ago it was, and not when.
    pub relative: bool,
    /// In UTC, and not in local time.
    pub utc: bool,
    /// The day that is left out.
    pub today: Day,
}

/// Lines that are to be drawn.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lines {
    /// The first row of the first one.
    pub row: u32,
    /// What they are known by.
    pub ids: Vec<LineId>,
}

/// A log on the page.
#[derive(Clone, Copy)]
pub struct Book {
    /// Its lines. They change without notice: [`View::change`] tells.
    pub store: RwSignal<Store>,
    /// What is shown of it.
    pub view: View,
    /// The lines that are shown.
    pub shown: RwSignal<Shown>,
    /// How their times are written.
    pub times: Memo<Times>,
    /// Whether some of those have their day.
    pub dated: Memo<bool>,
    /// Where it is scrolled to.
    pub scroll: Scroll,
    /// What is looked for.
    pub needle: Memo<Option<Needle>>,
    /// The line that was gone to last.
    pub current: RwSignal<Option<LineId>>,
    /// The first line that is seen, and how many pixels of it are not.
    anchor: StoredValue<Option<(LineId, f64)>>,
    slices: Slices,
}

impl Book {
    /// A log of these lines.
    pub fn new(store: RwSignal<Store>, view: View) -> Self {
        let scroll = Scroll::of(view.follows);
        let shown = RwSignal::new(Shown::default());
        let anchor = StoredValue::new(None);
        let times = use_times();
        let dated = memo(move || {
            view.change.track();
            let times = times.get();
            store.with_untracked(|store| times.have_days(store))
        });
        let columns = scroll.columns(view.wrap.into(), move |is_phone| {
            let (characters, gaps) = match is_phone {
                true => BEFORE_TEXT_ON_PHONES,
                false => BEFORE_TEXT,
            };
            let day = if dated.get() { DAY } else { 0.0 };
            (characters + day, gaps)
        });
        let slices = Slices::new(move |has_time| {
            let done = store.try_with_untracked(|store| {
                let done = shown.try_update(|shown| shown.work(store, has_time));
                keep(store, shown, scroll, anchor);
                done
            });
            done.flatten().unwrap_or(true)
        });
        let needle = memo(move || {
            let (text, tells_case) = view.wanted.get();
            store.with_untracked(|store| needle(store, &text, tells_case))
        });
        let book = Self {
            store,
            view,
            shown,
            times,
            dated,
            scroll,
            needle,
            current: RwSignal::new(None),
            anchor,
            slices,
        };
        effect(move || {
            // A memo that is tracked alone, and read by nobody, follows nothing.
            view.change.get();
            let (selection, columns) = (view.selection.get(), columns.get());
            let needle = needle.get();
            store.with_untracked(|store| {
                shown.update_untracked(|shown| {
                    shown.show(store, selection, columns);
                    shown.look_for(needle);
                });
            });
            slices.start();
        });
        book.remember_anchor();
        book.go_to_marked();
        book
    }

    /// Keeps in mind which line is at the upper edge, before anything above it grows or goes.
    fn remember_anchor(self) {
        effect(move || {
            let (top, _) = self.scroll.seen();
            let found = self.shown.with(|shown| {
                self.store.with_untracked(|store| {
                    let (number, start) = shown.rows().at(store, top)?;
                    Some((store.id_of(number)?, top - start))
                })
            });
            self.anchor.set_value(found);
        });
    }

    /// Goes to the line that the address names, once it is there.
    fn go_to_marked(self) {
        let gone_to = StoredValue::new(None);
        effect(move || {
            let marked = self.view.marked.get();
            self.shown.track();
            if marked.is_none() {
                gone_to.set_value(None);
            }
            let Some(key) = marked.filter(|key| gone_to.get_value() != Some(*key)) else {
                return;
            };
            let is_measured = self.scroll.seen().1 > 0.0;
            // It has its place once the rows of its block are counted.
            let number = self.with_rows(|store, shown| {
                let number = store.number_of(key)?;
                shown.rows().top(store, number).map(|_| number)
            });
            if let Some(number) = number.filter(|_| is_measured) {
                gone_to.set_value(Some(key));
                if !(self.is_settled() && self.is_seen(number)) {
                    self.go_to(number);
                }
            }
        });
    }

    /// Whether it stays where it is: one that follows its end may not have got there yet.
    fn is_settled(self) -> bool {
        let (top, view) = self.scroll.seen_now();
        let height = self.shown.with_untracked(|shown| shown.rows().height());
        !self.view.follows.get_untracked() || top + view + AT_END >= height
    }

    fn is_seen(self, number: u64) -> bool {
        let (top, view) = self.scroll.seen_now();
        let at = self.with_rows(|store, shown| shown.rows().top(store, number));
        at.is_some_and(|at| at >= top && at < top + view)
    }

    /// Goes to a line.
    pub fn go_to(self, number: u64) {
        let place = self.with_rows(|store, shown| {
            let rows = shown.rows();
            Some((rows.top(store, number)?, rows.height(), store.numbers().1))
        });
        if let Some((top, height, next)) = place {
            if self.view.follows.get_untracked() {
                self.scroll.leave(next);
            }
            self.scroll.go_to(top, height);
        }
    }

    /// How many of the shown lines came after the end was left.
    pub fn new_lines(self) -> Memo<usize> {
        memo(move || {
            let left_at = self.scroll.left_at();
            self.shown.with(|shown| {
                self.store
                    .with_untracked(|store| shown.rows().len_from(store, left_at))
            })
        })
    }

    /// Goes to the next line that holds what is looked for, or to the previous one: from the one
    /// that was gone to last, or from what is seen.
    pub fn go_on(self, is_next: bool) {
        let (top, view) = self.scroll.seen_now();
        let current = self.current.get_untracked();
        let found = self.with_rows(|store, shown| {
            let edge = |offset: f64| shown.rows().at(store, offset).map(|(number, _)| number);
            let current = current.and_then(|id| store.line_of(id));
            let from = match (current, is_next) {
                (Some(current), true) => current + 1,
                (Some(current), false) => current,
                (None, true) => edge(top).unwrap_or(0),
                (None, false) => edge(top + view).unwrap_or(u64::MAX),
            };
            let number = shown.found_from(store, from, is_next)?;
            Some((number, store.id_of(number)?))
        });
        if let Some((number, id)) = found {
            self.current.set(Some(id));
            if !self.is_seen(number) {
                self.go_to(number);
            }
        }
    }

    /// Opens or closes a line.
    pub fn toggle(self, id: LineId) {
        self.store.with_untracked(|store| {
            if let Some(number) = store.line_of(id) {
                self.shown
                    .update_untracked(|shown| shown.toggle(store, number));
            }
        });
        self.slices.start();
    }

    /// Looks at nothing that was: another log begins.
    pub fn begin_anew(self) {
        self.forget_current();
        self.view.follows.set(true);
    }

    /// Goes on from what is seen, and not from the line that was gone to last.
    pub fn forget_current(self) {
        // Each line on the page asks for it.
        if self.current.get_untracked().is_some() {
            self.current.set(None);
        }
    }

    /// The lines that are to be drawn. Others may stand under the same numbers after a change.
    pub fn drawn(self) -> Memo<Lines> {
        memo(move || {
            let (top, view) = self.scroll.seen();
            self.shown.with(|shown| {
                self.store.with_untracked(|store| {
                    let drawn = shown.rows().visible(store, top, view);
                    Lines {
                        row: drawn.row,
                        ids: store.ids(&drawn.numbers),
                    }
                })
            })
        })
    }

    /// Calls with a line, if it is still there.
    pub fn with_line<T>(self, id: LineId, read: impl FnOnce(&Line<'_>) -> T) -> Option<T> {
        self.store.with_untracked(|store| {
            let line = store.get(store.line_of(id)?)?;
            Some(read(&line))
        })
    }

    fn with_rows<T>(self, read: impl FnOnce(&Store, &Shown) -> T) -> T {
        self.store
            .with_untracked(|store| self.shown.with_untracked(|shown| read(store, shown)))
    }
}

fn use_times() -> Memo<Times> {
    let preferences = use_preferences();
    let today = use_today();
    memo(move || Times {
        relative: preferences.relative.get(),
        utc: preferences.utc.get(),
        today: today.get(),
    })
}

impl Times {
    /// Whether the oldest or the newest line, and so any, has its day before its time.
    fn have_days(self, store: &Store) -> bool {
        let (first, next) = store.numbers();
        let ends = [first, next.saturating_sub(1)];
        let is_other = |number: u64| {
            let line = store.get(number);
            line.is_some_and(|line| Day::of(line.instant(), self.utc) != self.today)
        };
        !self.relative && ends.into_iter().any(is_other)
    }
}

/// Keeps the line at the upper edge where it is.
fn keep(
    store: &Store,
    shown: RwSignal<Shown>,
    scroll: Scroll,
    anchor: StoredValue<Option<(LineId, f64)>>,
) {
    let Some(Some((id, inside))) = anchor.try_get_value() else {
        return;
    };
    let place = shown.try_with_untracked(|shown| {
        let top = shown.rows().top(store, store.line_of(id)?)?;
        Some((top + inside, shown.rows().height()))
    });
    if let Some(Some((top, height))) = place {
        scroll.keep(top, height);
    }
}

fn needle(store: &Store, text: &str, tells_case: bool) -> Option<Needle> {
    let sample = store.blocks().back().map(bulk::lines::block::Block::text);
    let sample = sample.unwrap_or_default();
    let newest = sample.len().saturating_sub(SAMPLE);
    Needle::new(text, tells_case, sample.get(newest..).unwrap_or_default())
}
