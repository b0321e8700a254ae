//! Which services of the list are ticked.

use std::ops::RangeInclusive;
use std::sync::Arc;

use bulk::services::key_of;
use leptos::ev::MouseEvent;
use leptos::prelude::*;
use wire::service::Service;

use super::List;
use crate::reactive::memo;

/// The ticked services, by the keys of their rows: they stay ticked while the filter hides them.
#[derive(Clone, Copy)]
pub struct Selection {
    list: List,
    /// In order, so that one of ten thousand is found at once.
    ticked: RwSignal<Vec<u64>>,
    /// The place that was ticked last, from which a click with Shift goes on.
    last: StoredValue<Option<usize>>,
}

impl Selection {
    /// Nothing is ticked yet.
    pub(super) fn of(list: List) -> Self {
        Self {
            list,
            ticked: RwSignal::new(Vec::new()),
            last: StoredValue::new(None),
        }
    }

    /// Whether something is ticked.
    pub(super) fn any(self) -> bool {
        self.ticked.with(|ticked| !ticked.is_empty())
    }

    /// Unticks everything.
    pub fn clear(self) {
        self.ticked.set(Vec::new());
    }

    /// The ticked services that still exist, in the order of the platform.
    pub fn services(self) -> Vec<Arc<Service>> {
        let rows = self.list.rows.get();
        let ticked = rows.iter().filter(|row| self.holds(row.key));
        ticked.map(|row| row.service.clone()).collect()
    }

    /// Ticks or unticks what is at a place of the list; with `through`, also all from the place
    /// that was ticked last up to it, alike.
    pub(super) fn toggle(self, place: usize, through: bool) {
        let last = self.last.get_value().filter(|_| through).unwrap_or(place);
        self.last.set_value(Some(place));
        let is_ticked = untrack(|| self.keys(place..=place).all(|key| self.holds(key)));
        self.tick(last.min(place)..=last.max(place), !is_ticked);
    }

    /// Ticks all that is shown, or unticks it where all of it is ticked.
    fn toggle_all(self) {
        let all = untrack(|| self.shows_all());
        self.tick(0..=usize::MAX, !all);
    }

    fn tick(self, places: RangeInclusive<usize>, on: bool) {
        let keys: Vec<u64> = untrack(|| self.keys(places).collect());
        self.ticked.update(|ticked| {
            for key in keys {
                match ticked.binary_search(&key) {
                    Ok(at) if !on => drop(ticked.drain(at..=at)),
                    Err(at) if on => ticked.insert(at, key),
                    _ => {}
                }
            }
        });
    }

    /// Whether all that is shown is ticked.
    fn shows_all(self) -> bool {
        self.any() && self.keys(0..=usize::MAX).all(|key| self.holds(key))
    }

    fn holds(self, key: u64) -> bool {
        self.ticked
            .with(|ticked| ticked.binary_search(&key).is_ok())
    }

    fn keys(self, places: RangeInclusive<usize>) -> impl Iterator<Item = u64> {
        let (rows, shown) = (self.list.rows.get(), self.list.places.get());
        let last = (*places.end()).min(shown.len().saturating_sub(1));
        (*places.start()..=last).filter_map(move |place| {
            let index = *shown.get(place)? as usize;
            rows.get(index).map(|row| row.key)
        })
    }
}

/// The box that ticks a row.
pub(super) fn tick_cell(
    selection: Selection,
    place: Signal<usize>,
    service: Memo<Option<Arc<Service>>>,
) -> AnyView {
    let label = move || {
        let service = service.get();
        service.map(|service| format!("Select {}", service.name))
    };
    let ticked = memo(move || {
        let service = service.get();
        service.is_some_and(|service| selection.holds(key_of(&service.id)))
    });
    let toggle = move |event: MouseEvent| {
        selection.toggle(place.get_untracked(), event.shift_key());
    };
    view! {
        <td class="tick">
            <input type="checkbox" aria-label=label prop:checked=ticked on:click=toggle />
        </td>
    }
    .into_any()
}

/// The box that ticks all that is shown.
pub(super) fn tick_all(selection: Selection) -> AnyView {
    let ticked = memo(move || selection.shows_all());
    let partly = memo(move || !ticked.get() && selection.any());
    view! {
        <th class="tick">
            <input
                type="checkbox"
                aria-label="Select all services shown"
                prop:checked=ticked
                prop:indeterminate=partly
                on:click=move |_| selection.toggle_all()
            />
        </th>
    }
    .into_any()
}
