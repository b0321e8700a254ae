//! Changes: an action that is sent once at a time, remembers why it failed, and says in one place
//! what follows when it succeeds.

use std::future::Future;
use std::pin::Pin;
use std::rc::Rc;

use leptos::prelude::{
    Action, Get, GetUntracked, GetValue, LocalStorage, Memo, RwSignal, Set, StoredValue,
};

use super::session::use_session;
use crate::api::Failure;
use crate::reactive::memo;

type Running = Pin<Box<dyn Future<Output = ()>>>;

/// One attempt, whatever it sends: the machinery of an action is compiled once.
type Attempt = Rc<dyn Fn() -> Running>;

/// What an action does with its input.
type Run<I> = Rc<dyn Fn(&I) -> Running>;

/// A change that can be asked for.
pub struct Act<I: 'static> {
    action: Action<Attempt, ()>,
    run: StoredValue<Run<I>, LocalStorage>,
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
            failure,
        }
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
