//! Fetched data: the last good value, what went wrong since, and how fresh it is.

use std::future::Future;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use leptos::prelude::{
    Effect, Get, GetUntracked, LocalStorage, Memo, RwSignal, Set, SetValue, StoredValue,
    WithUntracked, WithValue,
};

use super::poll::{Landed, Poll};
use super::session::use_session;
use crate::api::Failure;

/// Fetched data that stays on screen while it is fetched again, or can't be.
pub struct Remote<T: Send + Sync + 'static> {
    /// The last good value. Changes only when the value does.
    pub data: RwSignal<Option<Arc<T>>>,
    /// Why the last attempt brought none.
    pub error: RwSignal<Option<Failure>>,
    /// Whether an attempt is under way.
    pub loading: RwSignal<bool>,
    /// When the value was fetched.
    pub fetched: RwSignal<Option<DateTime<Utc>>>,
    poll: StoredValue<Option<Poll>, LocalStorage>,
}

impl<T: Send + Sync + 'static> Clone for Remote<T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T: Send + Sync + 'static> Copy for Remote<T> {}

/// Milliseconds until data is fetched again, told by the data; `None`: only when asked.
pub type Pace<T> = fn(&T) -> Option<u32>;

impl<T: PartialEq + Send + Sync + 'static> Remote<T> {
    /// Fetches what `question` asks for, again at `pace`, and anew when the question changes: then
    /// the old answer goes. While there is no question, nothing is fetched.
    pub fn new<Q, F>(
        question: impl Fn() -> Option<Q> + Send + Sync + 'static,
        fetch: impl Fn(Q) -> F + Clone + 'static,
        pace: Pace<T>,
    ) -> Self
    where
        Q: Clone + PartialEq + Send + Sync + 'static,
        F: Future<Output = Result<T, Failure>> + 'static,
    {
        let remote = Self {
            data: RwSignal::new(None),
            error: RwSignal::new(None),
            loading: RwSignal::new(false),
            fetched: RwSignal::new(None),
            poll: StoredValue::new_local(None),
        };
        let session = use_session();
        let question = Memo::new(move |_| question());
        // The effect owns the poll: a new question closes it before the next one starts.
        Effect::new(move |_| {
            remote.forget();
            let Some(question) = question.get() else {
                return;
            };
            let fetch = fetch.clone();
            let poll = Poll::start(move || {
                remote.loading.set(true);
                let answer = fetch(question.clone());
                async move {
                    let answer = answer.await;
                    if let Err(failure) = &answer {
                        session.note(failure);
                    }
                    remote.land(answer, pace)
                }
            });
            remote.poll.set_value(Some(poll));
        });
        remote
    }

    /// Fetches again now.
    pub fn refresh(self) {
        if let Some(Some(poll)) = self.poll.try_with_value(|poll| *poll) {
            poll.refresh();
        }
    }

    /// Takes over a value that came by another way: the answer to a change, say.
    pub fn accept(self, value: T) {
        let same = self
            .data
            .try_with_untracked(|data| data.as_deref() == Some(&value))
            .unwrap_or(true);
        if !same {
            self.data.set(Some(Arc::new(value)));
        }
        self.fetched.set(Some(Utc::now()));
        if self.error.get_untracked().is_some() {
            self.error.set(None);
        }
    }

    /// The last good value, tracked.
    pub fn get(self) -> Option<Arc<T>> {
        self.data.get()
    }

    fn forget(self) {
        if self.data.get_untracked().is_some() {
            self.data.set(None);
        }
        if self.error.get_untracked().is_some() {
            self.error.set(None);
        }
        self.fetched.set(None);
        self.poll.set_value(None);
    }

    fn land(self, answer: Result<T, Failure>, pace: Pace<T>) -> Landed {
        self.loading.set(false);
        match answer {
            Ok(value) => {
                let next = pace(&value);
                self.accept(value);
                Landed { ok: true, next }
            }
            Err(failure) => {
                self.error.set(Some(failure));
                Landed {
                    ok: false,
                    next: None,
                }
            }
        }
    }
}
