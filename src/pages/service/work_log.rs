//! The log of a build, a release or a deployment: its end at once, then only what came since.

pub mod read;

use bulk::lines::ansi::plain;
use leptos::prelude::*;
use wire::build::{WorkLog, WorkLogQuery};
use wire::endpoint::NoBody;
use wire::endpoints::{GetDeploymentLog, GetImageLog, GetReleaseLog};
use wire::path::{DeploymentParams, VersionParams};

use crate::api::{Connection, Failure, call, use_connection};
use crate::components::button::{Button, Kind};
use crate::components::feedback::Note;
use crate::components::field::Toggle;
use crate::components::status::{log_status, state_mark};
use crate::logbook::work::text::WorkText;
use crate::logbook::work::view::WorkLogView;
use crate::pages::parts::{freshness, loaded};
use crate::reactive::{When, dynamic, effect, memo};
use crate::state::notices::use_notices;
use crate::state::preference::use_preferences;
use crate::state::remote::Remote;
use read::{FirstError, Read, Want, question, take_over};

/// Whose log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    /// Of a build.
    Image(VersionParams),
    /// Of how a release was put together.
    Release(VersionParams),
    /// Of a deployment.
    Deployment(DeploymentParams),
}

/// A log as it is read.
#[derive(Clone, Copy)]
struct Reading {
    remote: Remote<Read>,
    text: RwSignal<WorkText>,
    /// Whether it is wanted from its beginning, not its end alone.
    whole: RwSignal<bool>,
    /// Whether the person is at its end: else what they read stays.
    follows: RwSignal<bool>,
    /// Whether its beginning is to be shown, once it is there.
    to_start: RwSignal<bool>,
    /// Whether its first error is looked for.
    seeks: RwSignal<bool>,
}

/// The log, in a panel of its own. That its work has ended is told to `on_end`.
#[component]
pub fn WorkLogPanel(
    #[prop(into)] title: Signal<String>,
    source: Memo<Option<Source>>,
    #[prop(into, optional)] on_end: Option<Callback<()>>,
) -> impl IntoView {
    let reading = use_log(source);
    let remote = reading.remote;
    let preferences = use_preferences();
    let jump = RwSignal::new(None);
    let edition = memo(move || remote.get().map(|read| read.edition).unwrap_or_default());
    let is_cut = memo(move || remote.get().is_some_and(|read| read.is_cut));
    let stopped = memo(move || remote.get().is_some_and(|read| read.stopped()));
    let is_live = memo(move || remote.get().is_some_and(|read| read.is_live()));
    Effect::watch(
        move || is_live.get(),
        move |live, before, _| {
            if let Some(on_end) = on_end.filter(|_| before == Some(&true) && !live) {
                on_end.run(());
            }
        },
        false,
    );

    // What was asked for from its beginning is shown there.
    effect(move || {
        if reading.to_start.get() && !is_cut.get() {
            reading.to_start.set(false);
            jump.set(Some(0));
        }
    });
    reading.go_on(jump);
    let may_fail = memo(move || {
        let first = remote.get().map(|read| read.first_error());
        matches!(first, Some(FirstError::At(_) | FirstError::Before))
    });
    let seeking = move || {
        let lines = remote.get().map(|read| read.lines()).unwrap_or_default();
        format!("Looking for the first error: {lines} read")
    };
    let standing = memo(move || {
        let read = remote.get()?;
        let step = read.step.clone().filter(|_| read.is_live());
        Some((read.status.clone()?, step, read.extent()))
    });
    let stands = move || {
        standing.get().map(|(status, step, lines)| {
            view! {
                {state_mark(log_status(&status))}
                <span class="dim cut">{step}</span>
                <span class="faint sm">{lines}</span>
            }
        })
    };
    let failure = memo(move || remote.get().and_then(|read| read.failure()));
    let wrap = preferences.wrap;
    let log = move |_| {
        view! { <WorkLogView text=reading.text edition wrap follows=reading.follows jump /> }
            .into_any()
    };
    view! {
        <section class="panel">
            <header>
                <h2>{title}</h2>
                {dynamic(move || stands().into_any())}
                <div class="aside actions">
                    <When is=move || reading.seeks.get()>
                        <span class="dim sm" role="status">
                            {seeking}
                        </span>
                    </When>
                    <When is=move || may_fail.get() || reading.seeks.get()>
                        <Button
                            label="First error"
                            pending=reading.seeks
                            on_click=move |()| reading.seek()
                        />
                    </When>
                    <When is=move || is_cut.get() && !reading.seeks.get()>
                        <Button
                            label="Show from the beginning"
                            kind=Kind::Quiet
                            pending=reading.to_start
                            on_click=move |()| reading.read(true)
                        />
                    </When>
                    <When is=move || stopped.get()>
                        <Button
                            label="Show the end"
                            kind=Kind::Quiet
                            on_click=move |()| reading.read(false)
                        />
                    </When>
                    <Toggle label="Wrap" on=wrap on_change=move |on| preferences.set_wrap(on) />
                    {freshness(remote.held())}
                </div>
            </header>
            {dynamic(move || failure.get().map(failed).into_any())}
            {loaded(remote, 6, log)}
        </section>
    }
}

/// Why it failed, before anything else of the log.
fn failed((words, detail): (String, Option<String>)) -> impl IntoView {
    let detail =
        detail.map(|detail| view! { <pre class="last-lines">{plain_lines(&detail)}</pre> });
    view! {
        <div class="body">
            <Note bad=true>
                <span class="grow">{words}</span>
            </Note>
            {detail}
        </div>
    }
}

/// Lines without their colours and progress.
fn plain_lines(text: &str) -> String {
    let mut read = WorkText::default();
    read.push(text);
    let lines = (0..read.len()).filter_map(|place| read.get(place));
    let lines: Vec<String> = lines.map(|line| plain(line.text).into_owned()).collect();
    lines.join("\n")
}

impl Reading {
    /// Reads it from its beginning, or its end; until that is there, what is shown stays.
    fn read(self, whole: bool) {
        self.seeks.set(false);
        self.whole.set(whole);
        self.to_start.set(whole);
        if !whole {
            self.follows.set(true);
        }
        self.remote.refresh();
    }

    /// Goes to the first error, and reads all that is before it where that is not known yet.
    fn seek(self) {
        self.to_start.set(false);
        self.seeks.set(true);
        let is_cut = untrack(|| self.remote.get()).is_some_and(|read| read.is_cut);
        if is_cut {
            self.whole.set(true);
            self.remote.refresh();
        }
    }

    /// Ends a search as soon as its outcome is known, and goes on reading once the person is back
    /// at the end.
    fn go_on(self, jump: RwSignal<Option<usize>>) {
        let notices = use_notices();
        effect(move || {
            let first = self.remote.get().map(|read| read.first_error());
            if !self.seeks.get() {
                return;
            }
            match first {
                Some(FirstError::At(place)) => jump.set(Some(place)),
                Some(FirstError::NotIn(what)) => {
                    notices.say(format!("No line of {what} tells of an error."));
                    self.follows.set(true);
                }
                Some(FirstError::Before | FirstError::After) | None => return,
            }
            self.seeks.set(false);
        });
        effect(move || {
            let follows = self.follows.get();
            let read = untrack(|| self.remote.get());
            if follows && read.is_some_and(|read| read.stopped()) {
                self.remote.refresh();
            }
        });
    }
}

fn use_log(source: Memo<Option<Source>>) -> Reading {
    let connection = use_connection();
    let text = RwSignal::new(WorkText::default());
    let whole = RwSignal::new(false);
    let follows = RwSignal::new(true);
    let to_start = RwSignal::new(false);
    let seeks = RwSignal::new(false);
    let known = StoredValue::new(None::<(Source, Read)>);
    effect(move || {
        source.track();
        whole.set(false);
        follows.set(true);
        to_start.set(false);
        seeks.set(false);
    });
    let want = move || Want {
        whole: whole.try_get_untracked().unwrap_or_default(),
        still: follows.try_get_untracked() == Some(false),
    };
    let fetch = move |source: Source| {
        let connection = connection.clone();
        async move {
            let before = known
                .try_get_value()
                .flatten()
                .filter(|(of, _)| *of == source)
                .map(|(_, read)| read);
            let query = question(before.as_ref(), want());
            let log = fetch_log(&connection, &source, &query).await?;
            let read =
                text.try_update_untracked(|text| take_over(text, before, want(), &query, &log));
            let read = read.unwrap_or_default();
            known.try_update_value(|known| *known = Some((source, read.clone())));
            Ok::<_, Failure>(read)
        }
    };
    Reading {
        remote: Remote::made(move || source.get(), fetch, Read::pace),
        text,
        whole,
        follows,
        to_start,
        seeks,
    }
}

async fn fetch_log(
    at: &Connection,
    source: &Source,
    query: &WorkLogQuery,
) -> Result<WorkLog, Failure> {
    let call = match source {
        Source::Image(params) => call::<GetImageLog>(at, params, query, &NoBody),
        Source::Release(params) => call::<GetReleaseLog>(at, params, query, &NoBody),
        Source::Deployment(params) => call::<GetDeploymentLog>(at, params, query, &NoBody),
    };
    call.with_long_texts().send().await
}

#[cfg(test)]
mod tests {
    use super::plain_lines;

    #[test]
    fn last_lines_are_told_without_their_colours() {
        assert_eq!(
            plain_lines("\u{1b}[31mno rule\u{1b}[0m\n10%\r20%"),
            "no rule\n20%"
        );
    }
}
