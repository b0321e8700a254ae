//! Changes: an action that is sent once at a time, remembers why it failed, and says in one place
//! what follows when it succeeds.

use std::future::Future;
use std::pin::Pin;
use std::rc::Rc;

use leptos::prelude::{
    Action, Callback, Get, GetUntracked, GetValue, LocalStorage, Memo, RwSignal, Set, SetValue,
    StoredValue, window,
};
use serde::de::DeserializeOwned;

use super::notices::use_notices;
use super::session::use_session;
use crate::api::{Call, Failure, Request};
use crate::reactive::{effect, memo};

type Running = Pin<Box<dyn Future<Output = ()>>>;

/// One attempt, whatever it sends: the machinery of an action is compiled once.
type Attempt = Rc<dyn Fn() -> Running>;

/// What an action does with its input.
type Run<I> = Rc<dyn Fn(&I) -> Running>;

/// What an action asks of the platform for its input.
type Asks<I> = Rc<dyn Fn(&I) -> Vec<Request>>;

/// A change that can be asked for.
pub struct Act<I: 'static> {
    action: Action<Attempt, ()>,
    run: StoredValue<Run<I>, LocalStorage>,
    asks: StoredValue<Option<Asks<I>>, LocalStorage>,
    /// Why the last attempt failed.
    pub failure: RwSignal<Option<Failure>>,
}

impl<I> Clone for Act<I> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<I> Copy for Act<I> {}

impl<I: 'static> Act<I> {
    /// A change that is made by `run`; `done` follows when it succeeded. It is carried through
    /// even when the page that asked for it is left.
    pub fn new<O, F>(run: impl Fn(&I) -> F + 'static, done: impl Fn(O) + Clone + 'static) -> Self
    where
        O: 'static,
        F: Future<Output = Result<O, Failure>> + 'static,
    {
        let failure = RwSignal::new(None);
        let session = use_session();
        let attempt = move |input: &I| -> Running {
            failure.set(None);
            let answer = run(input);
            let done = done.clone();
            Box::pin(async move {
                match answer.await {
                    Ok(output) => done(output),
                    Err(reason) => {
                        session.note(&reason);
                        failure.set(Some(reason));
                    }
                }
            })
        };
        Self {
            action: Action::new_local(|attempt: &Attempt| attempt()),
            run: StoredValue::new_local(Rc::new(attempt)),
            asks: StoredValue::new_local(None),
            failure,
        }
    }

    /// A change that is one call; `done` follows when it succeeded.
    pub fn of_call<O>(
        call: impl Fn(&I) -> Call<O> + Clone + 'static,
        done: impl Fn(&I, O) + Clone + 'static,
    ) -> Self
    where
        I: Clone,
        O: DeserializeOwned + 'static,
    {
        let asks = call.clone();
        let run = move |input: &I| {
            let (call, input) = (call(input), input.clone());
            async move { Ok((input, call.send().await?)) }
        };
        Self::new(run, move |(input, reply)| done(&input, reply))
            .asking(move |input| vec![asks(input).request])
    }

    /// Tells what it asks of the platform, one request after another.
    pub fn asking(self, asks: impl Fn(&I) -> Vec<Request> + 'static) -> Self {
        self.asks.set_value(Some(Rc::new(asks)));
        self
    }

    /// The change as commands for a terminal, as it would be asked for with this input; nothing
    /// while there is none.
    pub fn commands(
        self,
        input: impl Fn() -> Option<I> + Send + Sync + 'static,
    ) -> Callback<(), Option<String>> {
        Callback::new(move |()| {
            let asks = self.asks.try_get_value().flatten()?;
            Some(as_curl(&asks(&input()?)))
        })
    }

    /// Asks for the change, unless it is under way.
    pub fn go(self, input: I) {
        if self.action.pending().get_untracked() {
            return;
        }
        if let Some(run) = self.run.try_get_value() {
            self.action.dispatch_local(Rc::new(move || run(&input)));
        }
    }

    /// Whether it is under way.
    pub fn pending(self) -> Memo<bool> {
        let pending = self.action.pending();
        memo(move || pending.get())
    }

    /// What went wrong, in words.
    pub fn failed(self) -> Memo<Option<String>> {
        memo(move || self.failure.get().map(|failure| failure.words()))
    }
}

/// Tells why an action failed that has no dialog to tell it in.
pub fn complain_of<I: 'static>(act: Act<I>) {
    let (notices, failed) = (use_notices(), act.failed());
    effect(move || {
        if let Some(words) = failed.get() {
            notices.complain(words);
        }
    });
}

/// Requests as commands for a terminal, one after another, without the key.
pub fn as_curl(requests: &[Request]) -> String {
    let origin = window().location().origin().unwrap_or_default();
    let commands = requests.iter().map(|request| request.as_curl(&origin));
    commands.collect::<Vec<_>>().join("\n\n")
}
