//! The log store without a page around it, for `tests/e2e/bench/log_store.bench.ts`.

use std::cell::RefCell;

use bulk::lines::find::Find;
use bulk::lines::needle::Needle;
use bulk::lines::reply;
use bulk::lines::rows::Rows;
use bulk::lines::selection::Selection;
use bulk::lines::store::Store;
use pilothouse_wire::envelope::Dialect;
use wasm_bindgen::prelude::wasm_bindgen;

thread_local! {
    static STORE: RefCell<Store> = RefCell::default();
}

/// Takes over a reply whose lines are older than all that are held, as a page does that goes back.
/// Gives how many lines are held.
#[wasm_bindgen]
pub fn hold(reply: &[u8]) -> usize {
    STORE.with_borrow_mut(|store| {
        if let Ok(reply) = reply::read(Dialect::Environment, reply) {
            store.prepend(reply.lines);
        }
        store.len()
    })
}

/// Reads a reply. Gives how many lines it has.
#[wasm_bindgen]
pub fn decode(reply: &[u8]) -> usize {
    reply::read(Dialect::Environment, reply).map_or(0, |reply| reply.lines.len())
}

/// How many lines hold a text.
#[wasm_bindgen]
pub fn find(text: &str, tells_case: bool) -> u32 {
    STORE.with_borrow(|store| {
        let mut rows = Rows::default();
        rows.show(store, Selection::default(), None);
        rows.work(store, &mut || true);
        let sample = store.blocks().back().map(bulk::lines::block::Block::text);
        let Some(needle) = Needle::new(text, tells_case, sample.unwrap_or_default()) else {
            return 0;
        };
        let mut find = Find::new(needle);
        find.work(store, &rows, &mut || true);
        find.count()
    })
}
