//! The lines of a service as they are fetched: the newest of a window first, then what is written
//! since, and older ones when they are wanted.

use bulk::lines::reply::read;
use bulk::lines::store::Store;
use leptos::prelude::*;
use wire::endpoint::NoBody;
use wire::endpoints::GetServiceLogs;
use wire::logs::{LogCursor, LogQuery, Page};
use wire::path::ServiceParams;
use wire::quantity::LogLimit;
use wire::window;

use crate::api::{Answer, Connection, Failure, call, platform_now, use_connection};
use crate::state::range::Window;
use crate::state::remote::{Age, Remote};

/// The most lines of one answer: a few megabytes, which wasm memory never gives back, and which are
/// read before the next frame.
pub const LIMIT: u64 = 10_000;

/// The most answers that are fetched to catch up with a log that went on. After a sleep of hours it
/// begins anew, unless somebody looks at older lines; what is older is a scroll away.
const CATCH_UP: usize = 8;

/// Milliseconds until a window that ends now is asked for what came since.
const PACE: u32 = 2_000;

/// What is asked: of which service, which window, which filter.
#[derive(Clone, Debug, PartialEq)]
pub struct Question {
    /// Of which service.
    pub params: ServiceParams,
    /// Of which time.
    pub window: Window,
    /// Only lines that hold this text; all where there is none.
    pub filter: Option<String>,
}

/// How much is loaded: equal when nothing was new.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Loaded {
    /// How many lines are held.
    pub held: usize,
    /// Counts the answers that brought something.
    pub change: u32,
    /// Whether the window holds older lines than the ones that are held.
    pub has_older: bool,
    /// Whether those can be fetched.
    pub can_go_back: bool,
    /// Whether as many are held as can be.
    pub is_full: bool,
    /// Whether newer lines can come.
    pub is_open: bool,
    /// Whether more came than are added while somebody looks at older ones.
    pub is_behind: bool,
}

impl Loaded {
    /// How fresh the lines are after newer ones were asked for. What came while somebody looks at
    /// older ones, and was too much to be added, makes those no fresher.
    fn age(&self) -> Age {
        match self.is_behind {
            true => Age::AsBefore,
            false => Age::New,
        }
    }
}

/// The lines, and ways to have more.
#[derive(Clone, Copy)]
pub struct Lines {
    /// How much is loaded.
    pub loaded: Remote<Loaded>,
    /// The lines.
    pub store: RwSignal<Store>,
    /// Whether older ones are wanted, or on their way.
    pub wants_older: RwSignal<bool>,
    /// Whether their end is followed. While it is not, what is held stays.
    pub follows: RwSignal<bool>,
}

impl Lines {
    /// Fetches older lines, if there are any that can be had.
    pub fn load_older(self) {
        let can_go_back = untrack(|| self.loaded.get()).is_some_and(|loaded| loaded.can_go_back);
        if can_go_back && !self.wants_older.get_untracked() {
            self.wants_older.set(true);
            self.loaded.refresh();
        }
    }
}

/// The lines that a question asks for, kept up to date.
pub fn use_lines(question: Memo<Option<Question>>) -> Lines {
    let store = RwSignal::new(Store::default());
    let follows = RwSignal::new(true);
    let wants_older = RwSignal::new(false);
    let connection = use_connection();
    let asked = StoredValue::new(None::<Asked>);
    let fetch = move |question: Question| {
        let connection = connection.clone();
        async move {
            let before = asked.try_get_value().flatten();
            let before = before.filter(|asked| asked.question == question);
            let goes_back = wants_older.try_get_untracked() == Some(true);
            let (now, age) = match before {
                None => (begin(&connection, store, question).await?, Age::New),
                Some(asked) if goes_back && asked.older.is_some() => {
                    (go_back(&connection, store, asked).await?, Age::AsBefore)
                }
                Some(asked) => {
                    let follows = move || follows.try_get_untracked() == Some(true);
                    let now = go_on(&connection, store, asked, follows).await?;
                    let age = now.loaded.age();
                    (now, age)
                }
            };
            let loaded = now.loaded.clone();
            asked.try_update_value(|asked| *asked = Some(now));
            if goes_back {
                wants_older.try_set(false);
            }
            Ok((loaded, age))
        }
    };
    let loaded = Remote::aged(
        move || question.get(),
        fetch,
        |loaded| loaded.is_open.then_some(PACE),
    );
    Lines {
        loaded,
        store,
        wants_older,
        follows,
    }
}

/// What was asked before, and the ways on from its answers.
#[derive(Clone, Debug)]
struct Asked {
    question: Question,
    /// The window with its start fixed: one that slides would begin elsewhere with each page.
    window: window::Window,
    older: Option<LogCursor>,
    newer: Option<LogCursor>,
    /// Whether the platform said that there are older lines.
    is_cut: bool,
    loaded: Loaded,
}

impl Asked {
    async fn ask(&self, connection: &Connection, page: Page) -> Result<Answer, Failure> {
        self.ask_in(connection, self.window, page).await
    }

    async fn ask_in(
        &self,
        connection: &Connection,
        window: window::Window,
        page: Page,
    ) -> Result<Answer, Failure> {
        let query = LogQuery {
            window,
            limit: LogLimit::new(LIMIT).ok(),
            filter: self.question.filter.clone(),
            page,
        };
        let params = &self.question.params;
        let call = call::<GetServiceLogs>(connection, params, &query, &NoBody);
        call.with_long_texts().request.send().await
    }

    /// Counts what was changed in the store.
    fn changed(&mut self, store: &Store, is_change: bool) {
        let loaded = &mut self.loaded;
        loaded.change = loaded.change.wrapping_add(u32::from(is_change));
        loaded.held = store.len();
        loaded.is_full = store.is_full();
        loaded.has_older = self.is_cut || store.has_dropped();
        loaded.can_go_back = self.older.is_some() && !loaded.is_full;
        loaded.is_open = self.question.window.is_open(platform_now());
    }
}

/// Changes the store, if the page is still there.
fn with_store<T>(store: RwSignal<Store>, change: impl FnOnce(&mut Store) -> T) -> Option<T> {
    let mut result = None;
    store.try_update_untracked(|store| result = Some(change(store)));
    result
}

/// Fetches the newest lines of a window.
async fn begin(
    connection: &Connection,
    store: RwSignal<Store>,
    question: Question,
) -> Result<Asked, Failure> {
    let window = question.window.query();
    let mut asked = Asked {
        window: window::Window {
            since: None,
            start: window.start(platform_now()),
            ..window
        },
        question,
        older: None,
        newer: None,
        is_cut: false,
        loaded: Loaded::default(),
    };
    begin_anew(connection, store, &mut asked, || true).await?;
    Ok(asked)
}

/// Fetches the newest lines in the place of those that are held, unless those are looked at by then.
async fn begin_anew(
    connection: &Connection,
    store: RwSignal<Store>,
    asked: &mut Asked,
    may_go: impl Fn() -> bool,
) -> Result<(), Failure> {
    let answer = asked.ask(connection, Page::default()).await?;
    let reply = answer.read_with(read)?;
    asked.loaded.is_behind = !may_go();
    if asked.loaded.is_behind {
        return Ok(());
    }
    asked.older = reply.older;
    asked.newer = reply.newer;
    asked.is_cut = reply.truncated;
    with_store(store, |store| {
        store.clear();
        store.join(reply.lines);
        asked.changed(store, true);
    });
    Ok(())
}

/// Fetches the lines before the oldest.
async fn go_back(
    connection: &Connection,
    store: RwSignal<Store>,
    mut asked: Asked,
) -> Result<Asked, Failure> {
    let page = Page {
        before: asked.older.clone(),
        after: None,
    };
    let answer = asked.ask(connection, page).await?;
    let reply = answer.read_with(read)?;
    asked.is_cut = reply.truncated;
    asked.older = reply.older;
    with_store(store, |store| {
        // Older ones went meanwhile: between them and these there would be a gap.
        if !store.has_dropped() {
            store.prepend(reply.lines);
        }
        asked.changed(store, true);
    });
    Ok(asked)
}

/// Fetches what was stored since.
async fn go_on(
    connection: &Connection,
    store: RwSignal<Store>,
    mut asked: Asked,
    follows: impl Fn() -> bool,
) -> Result<Asked, Failure> {
    if asked.loaded.is_behind {
        if follows() {
            begin_anew(connection, store, &mut asked, follows).await?;
        }
        return Ok(asked);
    }
    if asked.newer.is_none() {
        go_on_by_time(connection, store, &mut asked).await?;
        return Ok(asked);
    }
    let page = Page {
        before: None,
        after: asked.newer.clone(),
    };
    let answer = asked.ask(connection, page.clone()).await?;
    let reply = answer.read_with(read)?;
    let newer = reply.newer;
    if !reply.truncated {
        asked.newer = newer.or(asked.newer);
        with_store(store, |store| {
            let is_change = !reply.lines.is_empty();
            store.join(reply.lines);
            asked.changed(store, is_change);
        });
        return Ok(asked);
    }
    // The newest came first: what stands between them and those that are held is fetched before they
    // are added.
    let mut between = reply.lines;
    let mut before = reply.older;
    drop(answer);
    for _ in 1..CATCH_UP {
        let Some(older) = before.take() else { break };
        let page = Page {
            before: Some(older),
            ..page.clone()
        };
        let answer = asked.ask(connection, page).await?;
        let reply = answer.read_with(read)?;
        between.prepend(reply.lines);
        if !reply.truncated {
            asked.newer = newer.or(asked.newer);
            with_store(store, |store| {
                store.join(between);
                asked.changed(store, true);
            });
            return Ok(asked);
        }
        before = reply.older;
    }
    if follows() {
        begin_anew(connection, store, &mut asked, follows).await?;
    } else {
        asked.loaded.is_behind = true;
    }
    Ok(asked)
}

/// The same for a platform that knows no places in a log, and for one where nothing was written:
/// what came since shortly before the newest line, without what is held.
async fn go_on_by_time(
    connection: &Connection,
    store: RwSignal<Store>,
    asked: &mut Asked,
) -> Result<(), Failure> {
    let since = store.try_with_untracked(Store::resume).flatten();
    // A line from a clock that is far ahead is no reason to ask for nothing else.
    let since = since.map(|since| since.min(platform_now()));
    let window = window::Window {
        start: since.or(asked.window.start),
        ..asked.window
    };
    let answer = asked.ask_in(connection, window, Page::default()).await?;
    let reply = answer.read_with(read)?;
    asked.newer = reply.newer;
    with_store(store, |store| {
        let added = store.append(&reply.lines);
        asked.changed(store, added > 0);
    });
    Ok(())
}
