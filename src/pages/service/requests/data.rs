//! Fetching requests: the newest of a window, then what comes, and what is older when asked for.

use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use leptos::prelude::*;
use wire::access::{AccessLogs, AccessQuery};
use wire::endpoint::NoBody;
use wire::endpoints::GetServiceAccessLogs;
use wire::logs::Page;
use wire::path::ServiceParams;
use wire::quantity::{LogLimit, Since};

use super::book::{Book, Landing, MOST, Row};
use super::filter::Filter;
use crate::api::{Connection, Failure, call, platform_now, use_connection};
use crate::reactive::memo;
use crate::state::act::Act;
use crate::state::range::Window;
use crate::state::remote::Remote;

/// The most requests of one answer.
pub const LIMIT: usize = 10_000;

/// Milliseconds until the platform is asked for newer requests.
const PACE: u32 = 2_000;

/// What is asked: of which service, which window, which filter.
#[derive(Clone, Debug, PartialEq)]
pub struct Question {
    /// Which service.
    pub params: ServiceParams,
    /// Which window.
    pub window: Window,
    /// Which requests of it.
    pub filter: Filter,
}

impl Question {
    /// Whether it asks for requests of the same window.
    fn is_akin(&self, other: &Self) -> bool {
        self.params == other.params && self.window == other.window
    }

    fn query(&self, limit: usize) -> AccessQuery {
        AccessQuery {
            window: self.window.query(),
            limit: limit_of(limit),
            ..self.filter.query()
        }
    }
}

fn limit_of(limit: usize) -> Option<LogLimit> {
    LogLimit::new(limit as u64).ok()
}

/// What an answer came to: equal when nothing was new.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Loaded {
    /// Whether newer requests can come.
    pub is_open: bool,
    /// Whether more came than can be added while somebody reads.
    pub is_behind: bool,
}

/// The requests that were loaded, and how to get more.
#[derive(Clone, Copy)]
pub struct Requests {
    /// The requests.
    pub book: RwSignal<Book>,
    /// The question that they answer.
    answered: RwSignal<Option<Question>>,
    /// The question of the moment; none while the filter can't be asked for.
    question: Memo<Option<Question>>,
    /// The largest key of those that may be shown: newer ones wait until nobody reads.
    pub seen: RwSignal<u64>,
    /// The last answer.
    pub remote: Remote<Loaded>,
    /// Fetches what is older.
    pub older: Act<Question>,
}

/// Fetches what the question asks for, and follows it. What came while `is_read` says so waits.
pub fn use_requests(
    question: Memo<Option<Question>>,
    is_read: impl Fn() -> bool + Clone + 'static,
) -> Requests {
    let book = RwSignal::new(Book::default());
    let answered = RwSignal::new(None::<Question>);
    let seen = RwSignal::new(book.with_untracked(Book::highest));
    let landing = LandingPlace {
        book,
        answered,
        seen,
    };
    let connection = use_connection();
    let remote = Remote::made(
        move || question.get(),
        move |question: Question| {
            let connection = connection.clone();
            let is_read = is_read.clone();
            async move {
                let (query, way) = landing.question(&question);
                let answer = fetch(&connection, &question.params, &query).await?;
                Ok(landing.land(question, way, answer, &is_read))
            }
        },
        |loaded: &Loaded| loaded.is_open.then_some(PACE),
    );
    Requests {
        book,
        answered,
        question,
        seen,
        remote,
        older: use_older(book, answered),
    }
}

impl Requests {
    /// Whether what is held is of the window of the moment: it is worth to be seen while a new
    /// filter is being asked for.
    pub fn is_akin(self) -> bool {
        let question = self.question.get();
        self.answered.with(|answered| match (answered, &question) {
            (Some(answered), Some(question)) => answered.is_akin(question),
            (Some(_), None) => true,
            (None, _) => false,
        })
    }

    /// Whether all that is held fits this filter, in the platform's own opinion.
    pub fn is_chosen_by(self, filter: &Filter) -> bool {
        self.answered.with(|answered| {
            let answered = answered.as_ref();
            answered.is_some_and(|question| question.filter == *filter)
        })
    }

    /// Why nothing older can be fetched.
    pub fn against_older(self) -> Memo<Option<String>> {
        let is_full = memo(move || self.book.with(Book::is_full));
        memo(move || {
            is_full.get().then(|| {
                "No more requests can be held. Choose another window, or filter.".to_owned()
            })
        })
    }

    /// Fetches what is older.
    pub fn go_on(self) {
        if let Some(question) = self.answered.get_untracked() {
            self.older.go(question);
        }
    }

    /// Shows what waits; where that is too much to be added, the newest of all anew.
    pub fn show_new(self) {
        self.seen.set(self.book.with_untracked(Book::highest));
        if self.remote.get().is_some_and(|loaded| loaded.is_behind) {
            self.answered.set(None);
            self.remote.refresh();
        }
    }

    /// The request at a place of the list.
    pub fn at(self, place: usize) -> Option<Arc<Row>> {
        self.book.with(|book| book.rows().get(place).cloned())
    }
}

/// How what was asked stands to what is held.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Way {
    /// For all of the window.
    Anew,
    /// For what comes after a place in the log.
    After,
    /// For all from an instant on.
    Since(DateTime<Utc>),
}

/// Where answers arrive.
#[derive(Clone, Copy)]
struct LandingPlace {
    book: RwSignal<Book>,
    answered: RwSignal<Option<Question>>,
    seen: RwSignal<u64>,
}

impl LandingPlace {
    /// What is asked next.
    fn question(self, question: &Question) -> (AccessQuery, Way) {
        let mut query = question.query(LIMIT);
        if !self.holds(question) {
            return (query, Way::Anew);
        }
        let known = self
            .book
            .try_with_untracked(|book| (book.newer(), book.resume()));
        let way = match known.unwrap_or_default() {
            (Some(newer), _) => {
                query.page.after = Some(newer);
                Way::After
            }
            (None, Some(since)) => {
                // A request from a clock that is far ahead is no reason to ask for nothing else.
                let since = since.min(platform_now());
                query.window.since = None;
                query.window.start = Some(since);
                Way::Since(since)
            }
            (None, None) => Way::Anew,
        };
        (query, way)
    }

    /// Whether what is held answers this question.
    fn holds(self, question: &Question) -> bool {
        self.answered
            .try_with_untracked(|answered| answered.as_ref() == Some(question))
            .unwrap_or_default()
    }

    /// Takes an answer over.
    fn land(
        self,
        question: Question,
        way: Way,
        answer: AccessLogs,
        is_read: &impl Fn() -> bool,
    ) -> Loaded {
        let is_open = question.window.is_open(platform_now());
        let landing = match (self.holds(&question), way) {
            // What it goes on from was given up meanwhile: the next answer is that of the window.
            (false, Way::After | Way::Since(_)) => Landing::Same,
            (false, Way::Anew) => {
                self.book.try_update(|book| book.begin(answer));
                self.answered.try_set(Some(question));
                self.show_unless(false);
                Landing::Changed
            }
            (true, way) => {
                // Where nothing stands, nothing is read.
                let holds_some = self
                    .book
                    .try_with_untracked(|book| !book.rows().is_empty())
                    .unwrap_or_default();
                let is_read = holds_some && is_read();
                let landing = self.follow(&question, way, answer, is_read);
                self.show_unless(is_read);
                landing
            }
        };
        Loaded {
            is_open,
            is_behind: landing == Landing::Behind,
        }
    }

    fn follow(self, question: &Question, way: Way, answer: AccessLogs, is_read: bool) -> Landing {
        let span = question.window.query().since.map(Since::get);
        let mut landing = Landing::Same;
        // Nobody is told of an answer that brought nothing.
        self.book.try_maybe_update(|book| {
            landing = match way {
                // What was held is empty and without a place: the answer is all there is.
                Way::Anew => begin_with_any(book, answer),
                Way::After => book.follow(None, answer, is_read),
                Way::Since(since) => book.follow(Some(since), answer, is_read),
            };
            let start = span.and_then(|seconds| {
                platform_now().checked_sub_signed(TimeDelta::seconds(i64::from(seconds)))
            });
            let forgot = match start.filter(|_| !is_read) {
                Some(start) => book.forget_before(start) == Landing::Changed,
                None => false,
            };
            (landing == Landing::Changed || forgot, ())
        });
        landing
    }

    /// Lets everything be seen that is held, unless somebody reads.
    fn show_unless(self, is_read: bool) {
        let highest = self.book.try_with_untracked(Book::highest);
        if let Some(highest) = highest.filter(|_| !is_read)
            && self.seen.try_get_untracked() != Some(highest)
        {
            self.seen.try_set(highest);
        }
    }
}

fn begin_with_any(book: &mut Book, answer: AccessLogs) -> Landing {
    let is_new = !answer.rows.is_empty();
    book.begin(answer);
    if is_new {
        Landing::Changed
    } else {
        Landing::Same
    }
}

async fn fetch(
    connection: &Connection,
    params: &ServiceParams,
    query: &AccessQuery,
) -> Result<AccessLogs, Failure> {
    let call = call::<GetServiceAccessLogs>(connection, params, query, &NoBody);
    let answer = call.with_long_texts().request.send().await?;
    answer.read_with(bulk::requests::read)
}

fn use_older(book: RwSignal<Book>, answered: RwSignal<Option<Question>>) -> Act<Question> {
    let connection = use_connection();
    let run = move |question: &Question| {
        let (query, has_place) = book.with_untracked(|book| older_query(book, question));
        let (connection, question) = (connection.clone(), question.clone());
        async move {
            let answer = fetch(&connection, &question.params, &query).await?;
            Ok::<_, Failure>((question, has_place, answer))
        }
    };
    Act::new(run, move |(question, has_place, answer)| {
        let is_same = answered.try_with_untracked(|answered| answered.as_ref() == Some(&question));
        if is_same == Some(true) {
            book.try_update(|book| book.append(has_place, answer));
        }
    })
}

/// The question for what is older than all that is held, and whether it names a place in the log.
fn older_query(book: &Book, question: &Question) -> (AccessQuery, bool) {
    let room = MOST.saturating_sub(book.rows().len()).min(LIMIT);
    let mut query = question.query(room);
    if let Some(older) = book.older() {
        query.page = Page {
            before: Some(older),
            after: None,
        };
        return (query, true);
    }
    if let Some((oldest, ties)) = book.oldest() {
        // All of the oldest instant come once more: some of them may not be held.
        query.limit = limit_of(room + ties);
        query.window.start = question.window.start(platform_now());
        query.window.since = None;
        query.window.end = oldest.checked_add_signed(TimeDelta::nanoseconds(1));
    }
    (query, false)
}

#[cfg(test)]
mod tests;
