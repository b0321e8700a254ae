//! Things that are read before they are changed, so that nobody overwrites what others changed
//! meanwhile.

use std::future::Future;
use std::pin::Pin;
use std::rc::Rc;

use leptos::prelude::{GetUntracked, RwSignal, Set};
use wire::endpoint::{Endpoint, NoBody, NoQuery};

use super::act::{Act, complain_of};
use crate::api::{Failure, call, use_connection};

/// A thing as it was read, and the revision that it had.
#[derive(Clone, Debug, PartialEq)]
pub struct Read<T> {
    /// The thing.
    pub thing: T,
    /// Its revision, where the platform tells one.
    pub revision: Option<String>,
}

type Reading<T> = Pin<Box<dyn Future<Output = Result<Read<T>, Failure>>>>;

/// How a thing is read.
type Reader<P, T> = Rc<dyn Fn(&P) -> Reading<T>>;

fn reader<G>() -> Reader<G::Params, G::Reply>
where
    G: Endpoint<Query = NoQuery, Body = NoBody>,
{
    let connection = use_connection();
    Rc::new(move |at| {
        let call = call::<G>(&connection, at, &NoQuery, &NoBody);
        Box::pin(async move {
            let answer = call.request.send().await?;
            Ok(Read {
                thing: answer.read()?,
                revision: answer.revision(),
            })
        })
    })
}

/// Reads the thing that is to be changed into `about`. Where it can't be read, a notice says so.
pub fn use_reading<G>(about: RwSignal<Option<Read<G::Reply>>>) -> Act<G::Params>
where
    G: Endpoint<Query = NoQuery, Body = NoBody>,
    G::Reply: Send + Sync,
{
    let read = reader::<G>();
    let act = Act::new(move |at| read(at), move |read| about.set(Some(read)));
    complain_of(act);
    act
}

/// Changes the thing `about`, which stands at `at`; `done` follows when that is made. When others
/// changed it first, it is read again into `about`; and where it then already is as it is to be,
/// the answer to this very change was lost.
pub fn use_revision<G, U>(
    about: RwSignal<Option<Read<G::Reply>>>,
    at: impl Fn(&G::Reply) -> G::Params + Copy + 'static,
    is_made: fn(&U::Body, &G::Reply) -> bool,
    done: impl Fn(G::Reply) + Clone + 'static,
) -> Act<U::Body>
where
    G: Endpoint<Query = NoQuery, Body = NoBody>,
    G::Reply: Clone + Send + Sync,
    U: Endpoint<Params = G::Params, Query = NoQuery, Reply = G::Reply>,
    U::Body: Clone,
{
    let (connection, read) = (use_connection(), reader::<G>());
    let change = move |patch: &U::Body| {
        let Read { thing, revision } = about.try_get_untracked().flatten()?;
        let call = call::<U>(&connection, &at(&thing), &NoQuery, patch);
        Some(call.if_revision(revision))
    };
    let asks = change.clone();
    let run = move |patch: &U::Body| {
        let (call, patch, read) = (change(patch), patch.clone(), read.clone());
        async move {
            // Nothing is about to be changed any more.
            let Some(call) = call else { return Ok(None) };
            let failure = match call.send().await {
                Err(failure) if failure.is_stale() => failure,
                answer => return answer.map(Some),
            };
            let Some(before) = about.try_get_untracked().flatten() else {
                return Err(failure);
            };
            let now = read(&at(&before.thing)).await?;
            if is_made(&patch, &now.thing) {
                return Ok(Some(now.thing));
            }
            about.set(Some(now));
            Err(failure)
        }
    };
    let done = move |changed: Option<G::Reply>| {
        about.set(None);
        if let Some(changed) = changed {
            done(changed);
        }
    };
    Act::new(run, done)
        .asking(move |patch| asks(patch).into_iter().map(|call| call.request).collect())
}
