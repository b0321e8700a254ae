//! Fetched data: the last good value, what went wrong since, and how fresh it is.

use std::any::Any;
use std::future::Future;
use std::marker::PhantomData;
use std::pin::Pin;
use std::rc::Rc;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use leptos::prelude::{
    Get, GetUntracked, LocalStorage, Memo, RwSignal, Set, SetValue, StoredValue, With,
    WithUntracked, WithValue,
};
use serde::de::DeserializeOwned;

use super::poll::{Landed, Poll};
use super::session::use_session;
use crate::api::{Call, Failure, Request, platform_now};
use crate::reactive::{effect, memo};

/// Fetched data that stays on screen while it is fetched again, or can't be.
pub struct Remote<T> {
    held: Held,
    of: PhantomData<fn() -> T>,
}

/// The value without its type, so that what stands around it is compiled once.
type Value = Arc<dyn Any + Send + Sync>;

/// All that does not depend on the type of the data.
#[derive(Clone, Copy)]
pub struct Held {
    /// The last good value. Changes only when the value does.
    value: RwSignal<Option<Value>>,
    /// Why the last attempt brought none.
    pub error: RwSignal<Option<Failure>>,
    /// Whether an attempt is under way.
    pub loading: RwSignal<bool>,
    /// When the value was fetched.
    pub fetched: RwSignal<Option<DateTime<Utc>>>,
    /// What the platform calls the state that the value tells of, where it told.
    pub revision: RwSignal<Option<String>>,
    poll: StoredValue<Option<Poll>, LocalStorage>,
}

impl<T> Clone for Remote<T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for Remote<T> {}

type Fetch<Q, A> = Rc<dyn Fn(Q) -> Pin<Box<dyn Future<Output = Result<A, Failure>>>>>;
type Land<A> = Rc<dyn Fn(Result<A, Failure>) -> Landed>;

/// What starts a poll for the question of the moment, if there is one. Its machinery is the same
/// for every type of data.
fn follow<Q, A>(
    question: Memo<Option<Q>>,
    loading: RwSignal<bool>,
    fetch: Fetch<Q, A>,
    land: Land<A>,
) -> Box<dyn Fn() -> Option<Poll>>
where
    Q: Clone + PartialEq + Send + Sync + 'static,
    A: 'static,
{
    let session = use_session();
    Box::new(move || {
        let question = question.get()?;
        let (fetch, land) = (fetch.clone(), land.clone());
        Some(Poll::start(move || {
            loading.set(true);
            let answer = fetch(question.clone());
            let land = land.clone();
            async move {
                let answer = answer.await;
                if let Err(failure) = &answer {
                    session.note(failure);
                }
                land(answer)
            }
        }))
    })
}

/// How fresh an answer is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Age {
    /// It is of this moment.
    New,
    /// It tells nothing newer than the one before.
    AsBefore,
}

/// Milliseconds until data is fetched again, told by the data; `None`: only when asked.
pub type Pace<T> = fn(&T) -> Option<u32>;

impl<T: PartialEq + Send + Sync + 'static> Remote<T> {
    /// Fetches what `question` asks for, again at `pace`, and anew when the question changes: then
    /// the old answer goes. While there is no question, nothing is fetched.
    pub fn new(
        question: impl Fn() -> Option<Call<T>> + Send + Sync + 'static,
        pace: Pace<T>,
    ) -> Self
    where
        T: DeserializeOwned,
    {
        let remote = Self::empty();
        remote.held.follow(
            memo(move || Some(question()?.request)),
            Rc::new(Request::send),
            Rc::new(move |answer| {
                let value = answer.and_then(|answer| Ok((answer.read()?, answer.revision())));
                let value = value.map(|(value, revision)| {
                    remote.held.revision.set(revision);
                    (value, Age::New)
                });
                remote.land(value, pace)
            }),
        );
        remote
    }

    /// As [`Remote::new`], with an answer that is made of what was fetched.
    pub fn made<Q, F>(
        question: impl Fn() -> Option<Q> + Send + Sync + 'static,
        fetch: impl Fn(Q) -> F + 'static,
        pace: Pace<T>,
    ) -> Self
    where
        Q: Clone + PartialEq + Send + Sync + 'static,
        F: Future<Output = Result<T, Failure>> + 'static,
    {
        let fetch = move |question| {
            let answer = fetch(question);
            async move { Ok((answer.await?, Age::New)) }
        };
        Self::aged(question, fetch, pace)
    }

    /// As [`Remote::made`], with answers that tell how fresh they are.
    pub fn aged<Q, F>(
        question: impl Fn() -> Option<Q> + Send + Sync + 'static,
        fetch: impl Fn(Q) -> F + 'static,
        pace: Pace<T>,
    ) -> Self
    where
        Q: Clone + PartialEq + Send + Sync + 'static,
        F: Future<Output = Result<(T, Age), Failure>> + 'static,
    {
        let remote = Self::empty();
        remote.held.follow(
            memo(question),
            Rc::new(move |question| Box::pin(fetch(question))),
            Rc::new(move |answer| remote.land(answer, pace)),
        );
        remote
    }

    fn empty() -> Self {
        Self {
            held: Held::empty(),
            of: PhantomData,
        }
    }

    /// Takes over a value that came by another way: the answer to a change, say.
    pub fn accept(self, value: T) {
        self.held.revision.set(None);
        self.take(value, Age::New);
    }

    fn take(self, value: T, age: Age) {
        let is_same = |held: &Value| held.downcast_ref::<T>() == Some(&value);
        let is_same = self
            .held
            .value
            .try_with_untracked(|held| held.as_ref().is_some_and(is_same));
        let new = match is_same {
            Some(false) => Some(Arc::new(value) as Value),
            // The same, or nobody is there any more to show it to.
            _ => None,
        };
        self.held.accept(new, age);
    }

    /// The last good value, tracked.
    pub fn get(self) -> Option<Arc<T>> {
        self.held.value.get()?.downcast().ok()
    }

    fn land(self, answer: Result<(T, Age), Failure>, pace: Pace<T>) -> Landed {
        match answer {
            Ok((value, age)) => {
                let next = pace(&value);
                self.held.loading.set(false);
                self.take(value, age);
                Landed { ok: true, next }
            }
            Err(failure) => self.held.fail(failure),
        }
    }
}

impl<T> Remote<T> {
    /// What is known of it beside the value.
    pub fn held(self) -> Held {
        self.held
    }

    /// Fetches again now.
    pub fn refresh(self) {
        self.held.refresh();
    }
}

impl Held {
    fn empty() -> Self {
        Self {
            value: RwSignal::new(None),
            error: RwSignal::new(None),
            loading: RwSignal::new(false),
            fetched: RwSignal::new(None),
            revision: RwSignal::new(None),
            poll: StoredValue::new_local(None),
        }
    }

    fn follow<Q, A>(self, question: Memo<Option<Q>>, fetch: Fetch<Q, A>, land: Land<A>)
    where
        Q: Clone + PartialEq + Send + Sync + 'static,
        A: 'static,
    {
        let start = follow(question, self.loading, fetch, land);
        // The effect owns the poll: a new question closes it before the next one starts.
        effect(move || {
            self.forget();
            self.poll.set_value(start());
        });
    }

    /// Whether a value is there, tracked.
    pub fn is_there(self) -> bool {
        self.value.with(Option::is_some)
    }

    /// Fetches again now.
    pub fn refresh(self) {
        if let Some(Some(poll)) = self.poll.try_with_value(|poll| *poll) {
            poll.refresh();
        }
    }

    /// A good answer came, with a new value or the same as before.
    fn accept(self, new: Option<Value>, age: Age) {
        if new.is_some() {
            self.value.set(new);
        }
        if age == Age::New {
            self.fetched.set(Some(platform_now()));
        }
        if self.error.get_untracked().is_some() {
            self.error.set(None);
        }
    }

    fn forget(self) {
        if self.value.with_untracked(Option::is_some) {
            self.value.set(None);
        }
        if self.error.get_untracked().is_some() {
            self.error.set(None);
        }
        self.fetched.set(None);
        self.revision.set(None);
        self.poll.set_value(None);
    }

    /// Whether what was there is there no more. Tracked.
    pub fn is_gone(self) -> bool {
        let is_not_found =
            |error: &Option<Failure>| error.as_ref().is_some_and(Failure::is_not_found);
        self.is_there() && self.error.with(is_not_found)
    }

    fn fail(self, failure: Failure) -> Landed {
        self.loading.set(false);
        // What is wrong with the question stays wrong until another is asked. One that was answered
        // before may be answered again.
        let is_final = failure.is_invalid() && !self.value.with_untracked(Option::is_some);
        let ok = is_final || failure == Failure::Absent;
        // Not before the platform asks for it.
        let next = failure.wait().map(|seconds| seconds.saturating_mul(1_000));
        self.error.set(Some(failure));
        Landed { ok, next }
    }
}

#[cfg(test)]
mod tests {
    use leptos::prelude::Owner;
    use wire::envelope::decode_error;

    use super::*;

    fn pace(value: &u32) -> Option<u32> {
        Some(*value)
    }

    #[test]
    fn a_question_that_is_wrong_is_not_asked_again_by_itself() {
        Owner::new().set();
        let remote = Remote::<u32>::empty();
        let wrong = || {
            let error = decode_error(422, br#"{"message":"The start must be before the end."}"#);
            Err(Failure::Refused(Box::new(error)))
        };
        assert!(!remote.land(Err(Failure::Unreachable), pace).ok);
        let landed = remote.land(wrong(), pace);
        assert_eq!((landed.ok, landed.next), (true, None));
        assert!(remote.held().error.get_untracked().is_some());
        // One that was answered before is.
        remote.land(Ok((1, Age::New)), pace);
        assert!(!remote.land(wrong(), pace).ok);
    }

    #[test]
    fn an_answer_that_tells_nothing_newer_leaves_the_age_as_it_was() {
        Owner::new().set();
        let remote = Remote::<u32>::empty();
        let held = remote.held();
        assert!(remote.land(Ok((1, Age::New)), pace).ok);
        let before = DateTime::from_timestamp(1_776_871_800, 0);
        held.fetched.set(before);
        remote.land(Err(Failure::Offline), pace);
        assert!(held.error.get_untracked().is_some());
        let landed = remote.land(Ok((2, Age::AsBefore)), pace);
        assert_eq!(landed.next, Some(2));
        assert_eq!(remote.get().as_deref(), Some(&2));
        assert_eq!(held.fetched.get_untracked(), before);
        assert!(held.error.get_untracked().is_none());
        remote.land(Ok((2, Age::New)), pace);
        assert!(held.fetched.get_untracked() > before);
    }
}
