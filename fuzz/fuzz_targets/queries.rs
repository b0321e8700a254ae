//! Queries of every endpoint: what is taken is sent as what means the same.
#![no_main]

use libfuzzer_sys::fuzz_target;
use pilothouse_fuzz::{choice, endpoints};
use pilothouse_wire::decode::decode_query;
use pilothouse_wire::endpoint::{Endpoint, Query};
use pilothouse_wire::endpoints::*;

fn read<E: Endpoint>(query: &str) {
    let pairs = form_urlencoded::parse(query.as_bytes()).into_owned();
    let Ok(taken) = decode_query::<E::Query>(pairs) else {
        return;
    };
    let sent = taken.pairs();
    let pairs = sent
        .iter()
        .map(|(name, value)| ((*name).to_owned(), value.clone()));
    match decode_query::<E::Query>(pairs) {
        Ok(again) => assert_eq!(again.pairs(), sent, "{}", E::NAME),
        Err(errors) => panic!("{}: {sent:?} is refused: {errors:?}", E::NAME),
    }
}

macro_rules! readers {
    ($($endpoint:ident),*) => { &[$(read::<$endpoint>),*] };
}
const READERS: &[fn(&str)] = endpoints!(readers);

fuzz_target!(|data: &[u8]| {
    if let Some((first, text)) = choice(data) {
        READERS[first % READERS.len()](text);
    }
});
