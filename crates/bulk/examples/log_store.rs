//! The log store without a page around it, for `tests/e2e/bench/log_store.bench.ts`.

use std::cell::RefCell;

use bulk::lines::find::Find;
use bulk::lines::needle::Needle;
use bulk::lines::reply::Reply;
use bulk::lines::rows::Rows;
use bulk::lines::selection::Selection;
use bulk::lines::store::Store;
use wasm_bindgen::prelude::wasm_bindgen;

thread_local! {
    static STORE: RefCell<Store> = RefCell::default();
}

/// Takes a reply over, as a page does. Gives how many lines are held.
#[wasm_bindgen]
pub fn hold(reply: &[u8]) -> usize {
    STORE.with_borrow_mut(|store| {
        if let Ok(reply) = serde_json::from_slice::<Reply<'_>>(reply) {
            store.extend(reply.lines);
        }
        store.len()
    })
}

/// Reads a reply and takes it over into a store of its own. Gives how many lines it has.
#[wasm_bindgen]
pub fn decode(reply: &[u8]) -> usize {
    let mut store = Store::default();
    if let Ok(reply) = serde_json::from_slice::<Reply<'_>>(reply) {
        store.extend(reply.lines);
    }
    store.len()
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
