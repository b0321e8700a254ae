//! How a log is scrolled: it follows its end until the person scrolls up, and then keeps still.

use bulk::lines::layout::ROW;
use leptos::html;
use leptos::prelude::*;

use super::place::{Place, room};
use crate::components::button::{Button, Kind};
use crate::components::icon::Icon;
use crate::reactive::{When, effect, memo};
use crate::words::plural;

/// How far from the end still counts as the end, in CSS pixels.
pub const AT_END: f64 = 24.0;

/// As many characters as are measured to know the width of one.
const PROBE: usize = 100;

/// Where a log is scrolled to.
#[derive(Clone, Copy)]
pub struct Scroll {
    node: NodeRef<html::Div>,
    probe: NodeRef<html::Span>,
    place: RwSignal<Place>,
    /// Width and height of what is seen, in CSS pixels.
    size: RwSignal<(f64, f64)>,
    follows: RwSignal<bool>,
    /// The number after that of the newest line when the person left the end.
    left_at: RwSignal<u64>,
}

/// What stands before the text of a wrapped line: characters, and the gaps and edges in CSS pixels.
pub type BeforeText = (f64, f64);

impl Scroll {
    /// At the end of a log that is not drawn yet, and which it may follow.
    pub fn of(follows: RwSignal<bool>) -> Self {
        let scroll = Self {
            node: NodeRef::new(),
            probe: NodeRef::new(),
            place: RwSignal::new(Place::default()),
            size: RwSignal::new((0.0, 0.0)),
            follows,
            left_at: RwSignal::new(0),
        };
        effect(move || {
            scroll.node.track();
            scroll.measure();
        });
        let resized = window_event_listener(leptos::ev::resize, move |_| scroll.measure());
        on_cleanup(move || resized.remove());
        scroll
    }

    /// How many characters of text fit a row, while lines wrap; otherwise nothing. What stands
    /// before the text may be something else on a phone.
    pub fn columns(
        self,
        wrap: Signal<bool>,
        before: impl Fn(bool) -> BeforeText + Send + Sync + 'static,
    ) -> Memo<Option<u32>> {
        memo(move || {
            let width = self.size.get().0;
            wrap.get()
                .then(|| columns(width, self.character(), before(is_phone())))
        })
    }

    /// What is seen: how far its upper edge is from the first row, and how high it is.
    pub fn seen(self) -> (f64, f64) {
        (self.place.get().top, self.size.get().1)
    }

    /// As [`Scroll::seen`], untracked.
    pub fn seen_now(self) -> (f64, f64) {
        (self.place.get_untracked().top, self.size.get_untracked().1)
    }

    /// Goes to a row of a log of this height, a little below the upper edge. Who follows its end
    /// leaves that before.
    pub fn go_to(self, top: f64, height: f64) {
        let view = self.size.get_untracked().1;
        self.put(Place::at(top - 4.0 * ROW, height, view));
    }

    /// Keeps what is seen where it is, after what stands above it grew or went: the row that was at
    /// the upper edge is this far from the first one now. The bar follows once that is drawn.
    pub fn keep(self, top: f64, height: f64) {
        let Some(place) = self.place.try_get_untracked() else {
            return;
        };
        if self.follows.get_untracked() || place.top == top {
            return;
        }
        self.place.set(Place { top, ..place });
        request_animation_frame(move || {
            let now = self.place.try_get_untracked();
            // Somebody may have gone elsewhere since.
            if now.is_some_and(|now| now.top == top) {
                let view = self.size.get_untracked().1;
                self.put(Place::at(top, height, view));
            }
        });
    }

    /// Goes to the end, and follows it.
    fn to_end(self, height: f64) {
        self.follows.set(true);
        self.show_end(height);
    }

    fn show_end(self, height: f64) {
        let view = self.size.get_untracked().1;
        self.put(Place::at(f64::INFINITY, height, view));
    }

    /// Puts the bar where it belongs.
    fn put(self, place: Place) {
        if let Some(Some(node)) = self.node.try_get_untracked() {
            node.set_scroll_top(place.bar.ceil() as i32);
            let bar = f64::from(node.scroll_top());
            self.place.set(Place { bar, ..place });
        }
    }

    /// Keeps still from now on: lines of this number or a higher one are new.
    pub fn leave(self, next: u64) {
        self.follows.set(false);
        self.left_at.set(next);
    }

    /// Lines of this number or a higher one came after the end was left.
    pub fn left_at(self) -> u64 {
        self.left_at.get()
    }

    /// After each change of the height the end is where it was not, and the frame may be larger:
    /// goes there, once it is drawn.
    fn follow(self, height: Memo<f64>) {
        effect(move || {
            height.track();
            self.follows.track();
            request_animation_frame(move || {
                // The log may be gone by now, also where what it is part of is not.
                let Some(height) = height.try_get_untracked() else {
                    return;
                };
                self.measure();
                // Somebody may have gone elsewhere since.
                match self.follows.try_get_untracked() {
                    Some(true) => self.show_end(height),
                    Some(false) => self.stay(height),
                    None => {}
                }
            });
        });
    }

    /// Puts the bar where it belongs, after it was put there before there was room for it, or the
    /// frame is another one.
    fn stay(self, height: f64) {
        let Some(Some(node)) = self.node.try_get_untracked() else {
            return;
        };
        let (now, bar) = (self.place.get_untracked(), f64::from(node.scroll_top()));
        let place = Place::at(now.top, height, self.size.get_untracked().1);
        let is_exact = place.bar == place.top;
        let is_off = |wanted: f64| (wanted - bar).abs() > 1.0;
        if is_off(now.bar) || is_exact && is_off(place.bar) {
            self.put(place);
        }
    }

    fn measure(self) {
        if let Some(Some(node)) = self.node.try_get_untracked() {
            let measured = (
                f64::from(node.client_width()),
                f64::from(node.client_height()),
            );
            if self.size.get_untracked() != measured {
                self.size.set(measured);
            }
        }
    }

    /// The width of one character in CSS pixels.
    fn character(self) -> f64 {
        let probe = self.probe.get_untracked();
        let width = probe.map(|probe| probe.get_bounding_client_rect().width());
        width.unwrap_or_default() / PROBE as f64
    }

    fn scrolled(self, height: f64, next: u64) {
        let Some(Some(node)) = self.node.try_get_untracked() else {
            return;
        };
        self.measure();
        let view = self.size.get_untracked().1;
        let before = self.place.get_untracked();
        let place = before.moved(f64::from(node.scroll_top()), height, view);
        match place.bar == f64::from(node.scroll_top()) {
            true => self.place.set(place),
            false => self.put(place),
        }
        if height - view - place.top <= AT_END {
            self.follows.set(true);
        } else if place.top < before.top && self.follows.get_untracked() {
            self.leave(next);
        }
    }
}

/// What leads back to the end.
fn back(new: Memo<usize>, is_behind: Option<Memo<bool>>) -> Memo<String> {
    memo(move || {
        if is_behind.is_some_and(|is_behind| is_behind.get()) {
            return "Many new lines".to_owned();
        }
        match new.get() {
            0 => "Follow the newest lines".to_owned(),
            new => plural(new, "new line"),
        }
    })
}

/// The frame that scrolls: in it the lines that are drawn, in the room of all of them.
#[component]
pub fn ScrollFrame(
    scroll: Scroll,
    #[prop(into)] wrap: Signal<bool>,
    /// Whether a short log has a low frame.
    #[prop(optional)]
    fits: bool,
    /// Whether times have their day.
    #[prop(optional, into)]
    dated: Signal<bool>,
    /// The height of all lines, in CSS pixels.
    height: Memo<f64>,
    /// Where the first drawn line begins, in CSS pixels.
    #[prop(into)]
    offset: Signal<f64>,
    /// The number of the next line to come.
    #[prop(into)]
    next: Signal<u64>,
    /// How many of the lines came after the end was left.
    new: Memo<usize>,
    /// Whether more lines came than are added while somebody looks at older ones.
    #[prop(optional)]
    is_behind: Option<Memo<bool>>,
    /// What is said where there are none.
    none: &'static str,
    /// The drawn lines.
    children: Children,
) -> impl IntoView {
    scroll.follow(height);
    let back = back(new, is_behind);
    let scrolled = move |_| {
        // The event of a frame may come after the log has gone in it.
        if let (Some(height), Some(next)) = (height.try_get_untracked(), next.try_get_untracked()) {
            scroll.scrolled(height, next);
        }
    };
    view! {
        <div class="log-frame" class:wrap=wrap class:dated=dated>
            <div
                class=if fits { "log fits" } else { "log" }
                role="log"
                aria-live="off"
                tabindex="0"
                node_ref=scroll.node
                on:scroll=scrolled
            >
                <span class="log-probe" aria-hidden="true" node_ref=scroll.probe>
                    {"0".repeat(PROBE)}
                </span>
                <div class="log-all" style:height=move || format!("{}px", room(height.get()))>
                    <div
                        class="log-view"
                        style:transform=move || {
                            format!("translateY({}px)", offset.get() + scroll.place.get().shift())
                        }
                    >
                        {children()}
                    </div>
                </div>
            </div>
            <When is=move || height.get() == 0.0>
                <p class="log-none dim">{none}</p>
            </When>
            <When is=move || !scroll.follows.get()>
                <div class="return">
                    <Button
                        label=back
                        kind=Kind::Primary
                        glyph=Icon::Down
                        on_click=move |()| scroll.to_end(height.get_untracked())
                    />
                </div>
            </When>
        </div>
    }
}

fn is_phone() -> bool {
    window()
        .match_media("(max-width: 760px)")
        .is_ok_and(|media| media.is_some_and(|media| media.matches()))
}

/// How many characters of text fit a row of this width.
fn columns(width: f64, character: f64, (characters, gaps): BeforeText) -> u32 {
    let columns = (width - gaps) / character.max(1.0) - characters;
    columns.max(20.0) as u32
}

#[cfg(test)]
mod tests {
    use super::columns;

    #[test]
    fn a_row_holds_what_its_width_allows_and_never_less_than_a_word() {
        assert_eq!(columns(856.0, 8.0, (22.0, 56.0)), 78);
        assert_eq!(columns(100.0, 8.0, (22.0, 56.0)), 20);
        assert_eq!(columns(0.0, 0.0, (0.0, 32.0)), 20);
    }
}
