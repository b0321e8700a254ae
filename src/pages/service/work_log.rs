//! The log of a build, a release or a deployment: its end at once, then only what came since.

use leptos::prelude::*;
use wire::build::{LogStatus, WorkLog, WorkLogQuery};
use wire::endpoint::NoBody;
use wire::endpoints::{GetDeploymentLog, GetImageLog, GetReleaseLog};
use wire::open::Open;
use wire::path::{DeploymentParams, VersionParams};

use crate::api::{Connection, Failure, send, use_connection};
use crate::components::button::{Button, Kind};
use crate::components::feedback::Note;
use crate::components::field::Toggle;
use crate::components::status::{log_status, state_mark};
use crate::logbook::ansi::plain;
use crate::logbook::work::text::WorkText;
use crate::logbook::work::view::{Edition, WorkLogView};
use crate::pages::parts::{freshness, loaded};
use crate::reactive::{When, dynamic, effect, memo};
use crate::state::preference::use_preferences;
use crate::state::remote::Remote;
use crate::words::plural;

/// How much of the end is read first, in bytes: some thousand lines, whatever the log's length.
const END: u64 = 256 * 1024;

/// Milliseconds until a log that grows is asked for more.
const PACE: u32 = 1_000;

/// Milliseconds until the next piece of a log that is read whole, or that grows too quickly.
const NEXT_PIECE: u32 = 10;

/// What is answered in one piece where more follows has at least so many bytes.
const PIECE: usize = 1024 * 1024;

/// The most lines that are held at a time: a log may have tens of millions.
const MOST_LINES: usize = 1_000_000;

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

/// How much of a log was read, and how what it tells of stands.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Read {
    edition: Edition,
    /// Where the next question begins, in bytes.
    offset: u64,
    /// Whether older lines were left out.
    is_cut: bool,
    /// Whether its beginning was wanted, and not its end.
    is_whole: bool,
    /// The size of the last answer in bytes, where it went on from one before.
    added: usize,
    lines: usize,
    first_fault: Option<usize>,
    status: Option<Open<LogStatus>>,
    step: Option<String>,
    error: Option<String>,
    error_detail: Option<String>,
}

impl Read {
    fn is_live(&self) -> bool {
        let status = self.status.as_ref().and_then(Open::known);
        matches!(status, Some(LogStatus::Pending | LogStatus::Running))
    }

    /// Whether no more lines are held.
    fn is_full(&self) -> bool {
        self.lines >= MOST_LINES
    }

    /// Whether it stopped before the end of the log.
    fn stopped(&self) -> bool {
        self.is_whole && self.is_full()
    }

    /// When to ask again. What has ended is read to its end: long answers come in pieces.
    fn pace(&self) -> Option<u32> {
        match self.added {
            _ if self.stopped() => None,
            PIECE.. => Some(NEXT_PIECE),
            1.. => Some(PACE),
            0 => self.is_live().then_some(PACE),
        }
    }

    /// How many of the log's lines these are.
    fn extent(&self) -> String {
        let lines = plural(self.lines, "line");
        match (self.stopped(), self.is_cut) {
            (true, _) => format!("the first {lines}"),
            (false, true) => format!("the last {lines}"),
            (false, false) => lines,
        }
    }

    /// What failed, at which step, and the last lines before it.
    fn failure(&self) -> Option<(String, Option<String>)> {
        let status = self.status.as_ref().and_then(Open::known);
        let error = self
            .error
            .clone()
            .or_else(|| (status == Some(LogStatus::Error)).then(|| "It failed.".to_owned()))?;
        let words = match &self.step {
            Some(step) => format!("Failed at {step}: {error}"),
            None => error,
        };
        Some((words, self.error_detail.clone()))
    }
}

/// A log as it is read.
#[derive(Clone, Copy)]
struct Reading {
    remote: Remote<Read>,
    text: RwSignal<WorkText>,
    /// Whether it is wanted from its beginning, not its end alone.
    whole: RwSignal<bool>,
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
    let fault = memo(move || remote.get().and_then(|read| read.first_fault));
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
        if reading.whole.get() && !is_cut.get() {
            jump.set(Some(0));
        }
    });
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
    let log = move |_| view! { <WorkLogView text=reading.text edition wrap jump /> }.into_any();
    view! {
        <section class="panel">
            <header>
                <h2>{title}</h2>
                {dynamic(move || stands().into_any())}
                <div class="aside actions">
                    <When is=move || fault.get().is_some()>
                        <Button
                            label="First error"
                            on_click=move |()| jump.set(fault.get_untracked())
                        />
                    </When>
                    <When is=move || is_cut.get()>
                        <Button
                            label="Show from the beginning"
                            kind=Kind::Quiet
                            pending=reading.whole
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
        self.whole.set(whole);
        self.remote.refresh();
    }
}

fn use_log(source: Memo<Option<Source>>) -> Reading {
    let connection = use_connection();
    let text = RwSignal::new(WorkText::default());
    let whole = RwSignal::new(false);
    let known = StoredValue::new(None::<(Source, Read)>);
    effect(move || {
        source.track();
        whole.set(false);
    });
    let fetch = move |source: Source| {
        let connection = connection.clone();
        async move {
            let before = known
                .try_get_value()
                .flatten()
                .filter(|(of, _)| *of == source)
                .map(|(_, read)| read);
            let is_whole = whole.try_get_untracked().unwrap_or_default();
            let query = question(before.as_ref(), is_whole);
            let log = fetch_log(&connection, &source, &query).await?;
            let read = text.try_update_untracked(|text| take_over(text, before, &query, &log));
            let read = Read {
                is_whole,
                ..read.unwrap_or_default()
            };
            known.try_update_value(|known| *known = Some((source, read.clone())));
            Ok::<_, Failure>(read)
        }
    };
    let pace = |read: &Read| read.pace();
    Reading {
        remote: Remote::made(move || source.get(), fetch, pace),
        text,
        whole,
    }
}

async fn fetch_log(
    at: &Connection,
    source: &Source,
    query: &WorkLogQuery,
) -> Result<WorkLog, Failure> {
    match source {
        Source::Image(params) => send::<GetImageLog>(at, params, query, &NoBody).await,
        Source::Release(params) => send::<GetReleaseLog>(at, params, query, &NoBody).await,
        Source::Deployment(params) => send::<GetDeploymentLog>(at, params, query, &NoBody).await,
    }
}

/// First the end, then what came since; its beginning where that is wanted and was not read yet,
/// and the end again where no more lines are held.
fn question(before: Option<&Read>, is_whole: bool) -> WorkLogQuery {
    let offset = match before {
        Some(read) if is_whole && read.is_cut => Some(0),
        Some(read) if !is_whole && read.is_full() => None,
        Some(read) => Some(read.offset),
        None => None,
    };
    WorkLogQuery {
        offset,
        tail: offset.is_none().then_some(END),
    }
}

/// Adds what was answered, or begins anew with it.
fn take_over(
    text: &mut WorkText,
    before: Option<Read>,
    query: &WorkLogQuery,
    log: &WorkLog,
) -> Read {
    let length = log.log_text.len();
    let goes_on = before.is_some() && query.offset == before.as_ref().map(|read| read.offset);
    let before = before.unwrap_or_default();
    let start = query.offset.unwrap_or_default();
    let next = log.next_offset.unwrap_or(start + length as u64);
    let is_cut = match goes_on {
        true => before.is_cut,
        false => query.offset.is_none() && next > length as u64,
    };
    let mut edition = before.edition;
    if !goes_on {
        edition.text = edition.text.wrapping_add(1);
        *text = match is_cut {
            true => WorkText::of_end(&log.log_text),
            false => WorkText::default(),
        };
    }
    if goes_on || !is_cut {
        text.push(&log.log_text);
    }
    if !goes_on || length > 0 {
        edition.change = edition.change.wrapping_add(1);
    }
    Read {
        edition,
        offset: next,
        is_cut,
        is_whole: false,
        added: if query.offset.is_some() { length } else { 0 },
        lines: text.len(),
        first_fault: text.first_fault(),
        status: Some(log.status.clone()),
        step: log.build_step.clone(),
        error: log.error.clone(),
        error_detail: log.error_detail.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn log(text: &str, next: Option<u64>) -> WorkLog {
        WorkLog {
            status: Open::Known(LogStatus::Running),
            version: 1,
            log_text: text.to_owned(),
            error: None,
            error_detail: None,
            build_step: None,
            next_offset: next,
        }
    }

    #[test]
    fn what_was_read_is_not_asked_for_again() {
        let mut text = WorkText::default();
        let first = question(None, false);
        assert_eq!((first.offset, first.tail), (None, Some(END)));
        let read = take_over(&mut text, None, &first, &log("a\nb\n", Some(4)));
        assert!(!read.is_cut);
        let next = question(Some(&read), false);
        assert_eq!((next.offset, next.tail), (Some(4), None));
        let grown = take_over(&mut text, Some(read.clone()), &next, &log("c\n", Some(6)));
        assert_eq!((grown.lines, grown.offset), (3, 6));
        assert_ne!(grown.edition, read.edition);
        let next = question(Some(&grown), false);
        let same = take_over(&mut text, Some(grown.clone()), &next, &log("", Some(6)));
        assert_eq!(same.edition, grown.edition);
    }

    #[test]
    fn a_long_log_is_read_whole_only_where_that_is_wanted() {
        let mut text = WorkText::default();
        let first = question(None, false);
        let read = take_over(&mut text, None, &first, &log("f\nlast\n", Some(1_000)));
        assert!(read.is_cut);
        assert_eq!(read.lines, 1, "the first line was not whole");
        let whole = question(Some(&read), true);
        assert_eq!((whole.offset, whole.tail), (Some(0), None));
        let piece = log("x\nof\n", Some(5));
        let begun = take_over(&mut text, Some(read.clone()), &whole, &piece);
        assert_eq!((begun.lines, begun.is_cut), (2, false));
        assert_ne!(begun.edition.text, read.edition.text);
        let next = question(Some(&begun), true);
        assert_eq!(next.offset, Some(5));
        let all = take_over(&mut text, Some(begun), &next, &log("last\n", Some(10)));
        assert_eq!((all.lines, all.extent().as_str()), (3, "3 lines"));
    }

    #[test]
    fn no_more_lines_are_held_than_a_page_can() {
        let mut text = WorkText::default();
        let read = take_over(&mut text, None, &question(None, false), &log("", Some(0)));
        let next = question(Some(&read), false);
        let many = "y\n".repeat(MOST_LINES);
        let piece = log(&many, Some(many.len() as u64));
        let full = take_over(&mut text, Some(read), &next, &piece);
        assert_eq!(full.pace(), Some(NEXT_PIECE));
        let next = question(Some(&full), false);
        assert_eq!((next.offset, next.tail), (None, Some(END)), "its end again");
        let whole = Read {
            is_whole: true,
            ..full
        };
        assert_eq!(whole.pace(), None);
        assert_eq!(whole.extent(), "the first 1,000,000 lines");
    }

    #[test]
    fn a_failure_names_its_step_first() {
        let mut text = WorkText::default();
        let failed = WorkLog {
            status: Open::Known(LogStatus::Error),
            error: Some("exit code 2".to_owned()),
            error_detail: Some("\u{1b}[31mno rule\u{1b}[0m".to_owned()),
            build_step: Some("step 4 of 7, RUN make".to_owned()),
            ..log("", Some(0))
        };
        let read = take_over(&mut text, None, &question(None, false), &failed);
        let (words, detail) = read.failure().unwrap();
        assert_eq!(words, "Failed at step 4 of 7, RUN make: exit code 2");
        assert_eq!(plain_lines(&detail.unwrap()), "no rule");
        assert_eq!(Read::default().failure(), None);
    }

    #[test]
    fn what_has_ended_is_read_to_its_end() {
        let mut text = WorkText::default();
        let first = question(None, false);
        let read = take_over(&mut text, None, &first, &log("a\n", Some(2)));
        let ended = |text: &str, next| WorkLog {
            status: Open::Known(LogStatus::Success),
            ..log(text, Some(next))
        };
        let next = question(Some(&read), false);
        let piece = take_over(&mut text, Some(read), &next, &ended("b\n", 4));
        assert_eq!(piece.pace(), Some(PACE), "there may be another piece");
        let next = question(Some(&piece), false);
        let end = take_over(&mut text, Some(piece), &next, &ended("", 4));
        assert_eq!(end.pace(), None);
    }

    #[test]
    fn a_platform_without_offsets_is_read_whole_once() {
        let mut text = WorkText::default();
        let read = take_over(&mut text, None, &question(None, false), &log("a\n", None));
        assert_eq!((read.offset, read.is_cut), (2, false));
    }
}
