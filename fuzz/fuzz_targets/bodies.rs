//! Bodies of every endpoint: what is taken is sent as something that is taken, and means the same.
#![no_main]

use libfuzzer_sys::fuzz_target;
use pilothouse_fuzz::{choice, endpoints};
use pilothouse_wire::decode::decode_body;
use pilothouse_wire::endpoint::{BodyRule, Endpoint};
use pilothouse_wire::endpoints::*;
use pilothouse_wire::envelope::Dialect;
use serde_json::Value;

fn read<E: Endpoint>(body: &Value) {
    if E::BODY == BodyRule::None {
        return;
    }
    for dialect in [Dialect::Workspace, Dialect::Environment] {
        let Ok(taken) = decode_body::<E::Body>(body.clone(), dialect) else {
            continue;
        };
        let sent = serde_json::to_value(&taken).unwrap();
        match decode_body::<E::Body>(sent.clone(), dialect) {
            Ok(again) => assert_eq!(serde_json::to_value(again).unwrap(), sent, "{}", E::NAME),
            Err(errors) => panic!("{}: {sent} is refused: {errors:?}", E::NAME),
        }
    }
}

macro_rules! readers {
    ($($endpoint:ident),*) => { &[$(read::<$endpoint>),*] };
}
const READERS: &[fn(&Value)] = endpoints!(readers);

fuzz_target!(|data: &[u8]| {
    if let Some((first, text)) = choice(data)
        && let Ok(body) = serde_json::from_str(text)
    {
        READERS[first % READERS.len()](&body);
    }
});
