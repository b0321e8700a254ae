//! What can be done to all ticked services at once: one request each, a few at a time, and what came
//! of every one.

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::rc::Rc;

use leptos::prelude::*;
use leptos::task::spawn_local;
use wire::action::Action as Deed;
use wire::deploy::Scale;
use wire::endpoint::{NoBody, NoQuery};
use wire::endpoints::{RestartService, ScaleService};
use wire::path::{Level, Scope, ServiceParams};
use wire::quantity::InstanceCount;
use wire::service::Service;
use wire::session::Done;

use super::selection::Selection;
use crate::api::{Connection, Request, call, use_connection};
use crate::components::button::{Button, IconButton, Kind};
use crate::components::curl::{Commands, CopyCurl};
use crate::components::dialog::Dialog;
use crate::components::field::{Look, TextField};
use crate::components::icon::Icon;
use crate::components::status::{Shape, state_mark};
use crate::reactive::{When, dynamic, memo};
use crate::state::act::as_curl;
use crate::state::notices::use_notices;
use crate::state::rights::{self, use_right};
use crate::words::plural;

/// Requests under way at once.
const AT_ONCE: usize = 4;
/// Names that a notice lists.
const NAMED: usize = 3;

/// What the bar needs of the page that it belongs to.
#[derive(Clone, Copy)]
pub struct BulkPlace {
    /// The ticked services.
    pub selection: Selection,
    /// Where they are.
    pub scope: Memo<Scope>,
    /// Fetches the list again.
    pub refresh: Callback<()>,
}

/// What is asked of each service.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Order {
    Restart,
    Scale(InstanceCount),
}

/// One service on its way.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Job {
    name: String,
    slug: String,
    state: JobState,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum JobState {
    Waits,
    /// It can't be done now, for this reason.
    Skipped(String),
    Runs,
    Done,
    Failed(String),
}

impl Job {
    fn of(service: &Service, deed: Deed) -> Self {
        let state = match service.can(deed) {
            Ok(()) => JobState::Waits,
            Err(reason) => JobState::Skipped(reason.words().to_owned()),
        };
        Self {
            name: service.name.clone(),
            slug: service.address().to_owned(),
            state,
        }
    }
}

fn count(jobs: &[Job], is: impl Fn(&JobState) -> bool) -> usize {
    jobs.iter().filter(|job| is(&job.state)).count()
}

/// The bar at the foot of the list, which is there while something is ticked.
#[component]
pub fn BulkBar(place: BulkPlace) -> impl IntoView {
    let selection = place.selection;
    let chosen = memo(move || selection.services().len());
    let restart = RwSignal::new(false);
    let scale = RwSignal::new(false);
    let level = move || Some(Level::Environment(place.scope.get().environment()));
    let may_restart = use_right::<RestartService>(level, rights::here);
    let may_scale = use_right::<ScaleService>(level, rights::here);
    view! {
        <span class="grow" role="status">
            {move || format!("{} selected", chosen.get())}
        </span>
        <Button
            label="Restart"
            glyph=Icon::Again
            barrier=may_restart
            on_click=move |()| restart.set(true)
        />
        <Button
            label="Scale"
            glyph=Icon::Bars
            barrier=may_scale
            on_click=move |()| scale.set(true)
        />
        <IconButton
            label="Clear the selection"
            glyph=Icon::Cross
            on_click=move |()| selection.clear()
        />
        <Dialog title="Restart services" open=restart>
            <BulkForm place deed=Deed::Restart open=restart />
        </Dialog>
        <Dialog title="Scale services" open=scale>
            <BulkForm place deed=Deed::Scale open=scale />
        </Dialog>
    }
}

/// What a dialog is about, what it does, and what came of it.
#[component]
fn BulkForm(place: BulkPlace, deed: Deed, open: RwSignal<bool>) -> impl IntoView {
    let scales = deed == Deed::Scale;
    let chosen = untrack(|| place.selection.services());
    let jobs: Vec<Job> = chosen
        .iter()
        .map(|service| Job::of(service, deed))
        .collect();
    let jobs = RwSignal::new(jobs);
    let typed = RwSignal::new("1".to_owned());
    let order = memo(move || match scales {
        true => typed.with(|text| text.parse().map(Order::Scale)),
        false => Ok(Order::Restart),
    });
    let run = use_run(place, jobs);
    let waiting = memo(move || jobs.with(|jobs| count(jobs, |state| *state == JobState::Waits)));
    let failed =
        memo(move || jobs.with(|jobs| count(jobs, |state| matches!(state, JobState::Failed(_)))));
    let ended = memo(move || {
        let ended = |state: &JobState| matches!(state, JobState::Done | JobState::Failed(_));
        jobs.with(|jobs| count(jobs, ended))
    });
    let running =
        memo(move || jobs.with(|jobs| jobs.iter().any(|job| job.state == JobState::Runs)));
    let has_begun = memo(move || running.get() || ended.get() > 0);
    let submit = move |event: leptos::ev::SubmitEvent| {
        event.prevent_default();
        if let Ok(order) = order.get_untracked()
            && !running.get_untracked()
        {
            again(jobs);
            run.run(order);
        }
    };
    let commands = use_commands(place, jobs, order);
    let about = move || match (has_begun.get(), scales) {
        (true, _) => format!(
            "{} of {} done.",
            ended.get() - failed.get(),
            jobs.with(Vec::len)
        ),
        (false, true) => "Each runs so many instances of web from now on; 0 pauses it.".to_owned(),
        (false, false) => {
            "Instances are replaced one at a time; traffic goes on meanwhile.".to_owned()
        }
    };
    let label = move || match (failed.get(), scales) {
        (0, true) => format!("Scale {}", waiting.get()),
        (0, false) => format!("Restart {}", waiting.get()),
        (failed, _) => format!("Try {failed} again"),
    };
    let against = memo(move || {
        (waiting.get() + failed.get() == 0)
            .then(|| "None of these can be done now: see why beside each.".to_owned())
    });
    let is_over = memo(move || has_begun.get() && !running.get() && failed.get() == 0);
    let faults = move || order.get().err().into_iter().collect::<Vec<String>>();
    view! {
        <form on:submit=submit novalidate>
            <div class="body">
                <When is=move || scales && !has_begun.get()>
                    <TextField
                        label="Instances"
                        look=Look::Number
                        first=true
                        value=typed
                        faults=Signal::derive(faults)
                        on_input=move |text| typed.set(text)
                    />
                </When>
                <p class="dim" role="status">
                    {about}
                </p>
                <ul class="jobs">{dynamic(move || job_rows(&jobs.get()))}</ul>
            </div>
            <footer>
                {dynamic(move || match is_over.get() {
                    true => {
                        view! {
                            <Button
                                label="Close"
                                kind=Kind::Primary
                                on_click=move |()| open.set(false)
                            />
                        }
                            .into_any()
                    }
                    false => {
                        view! {
                            <CopyCurl commands />
                            <Button
                                label="Cancel"
                                kind=Kind::Quiet
                                on_click=move |()| open.set(false)
                            />
                            <Button
                                label=Signal::derive(label)
                                kind=Kind::Primary
                                submit=true
                                pending=running
                                against
                            />
                        }
                            .into_any()
                    }
                })}
            </footer>
        </form>
    }
}

/// The requests for all that have not been asked yet.
fn use_commands(
    place: BulkPlace,
    jobs: RwSignal<Vec<Job>>,
    order: Memo<Result<Order, String>>,
) -> Commands {
    let connection = use_connection();
    Callback::new(move |()| {
        let (order, scope) = (order.get_untracked().ok()?, place.scope.get_untracked());
        let asked = |job: &&Job| matches!(job.state, JobState::Waits | JobState::Failed(_));
        let requests: Vec<Request> = jobs.with_untracked(|jobs| {
            let jobs = jobs.iter().filter(asked);
            jobs.map(|job| request(&connection, &scope, &job.slug, order))
                .collect()
        });
        (!requests.is_empty()).then(|| as_curl(&requests))
    })
}

fn job_rows(jobs: &[Job]) -> AnyView {
    let row = |job: &Job| {
        let mark = match &job.state {
            JobState::Waits => None,
            JobState::Skipped(_) => Some((Shape::Off, "Left as it is".to_owned())),
            JobState::Runs => Some((Shape::Busy, "Asking".to_owned())),
            JobState::Done => Some((Shape::Ok, "Accepted".to_owned())),
            JobState::Failed(_) => Some((Shape::Bad, "Failed".to_owned())),
        };
        let why = match &job.state {
            JobState::Skipped(why) | JobState::Failed(why) => Some(why.clone()),
            _ => None,
        };
        view! {
            <li>
                <span class="cut">{job.name.clone()}</span>
                {mark.map(state_mark)}
                {why.map(|why| view! { <p class="dim">{why}</p> })}
            </li>
        }
    };
    jobs.iter().map(row).collect_view().into_any()
}

/// What failed waits once more.
fn again(jobs: RwSignal<Vec<Job>>) {
    jobs.update(|jobs| {
        for job in jobs {
            if matches!(job.state, JobState::Failed(_)) {
                job.state = JobState::Waits;
            }
        }
    });
}

/// What carries out an order for every job that waits. It goes on when the dialog is closed, and
/// says at the end what came of it.
fn use_run(place: BulkPlace, jobs: RwSignal<Vec<Job>>) -> Callback<Order> {
    let connection = use_connection();
    let notices = use_notices();
    let session = crate::state::session::use_session();
    Callback::new(move |order: Order| {
        let waiting: VecDeque<(usize, Job)> = jobs.with_untracked(|jobs| {
            let waiting = jobs.iter().cloned().enumerate();
            waiting
                .filter(|(_, job)| job.state == JobState::Waits)
                .collect()
        });
        let (asked, workers) = (waiting.len(), waiting.len().min(AT_ONCE));
        let waiting = Rc::new(RefCell::new(waiting));
        let failed = Rc::new(RefCell::new(Vec::new()));
        let busy = Rc::new(Cell::new(workers));
        let scope = place.scope.get_untracked();
        for _ in 0..workers {
            let (waiting, failed, busy) = (waiting.clone(), failed.clone(), busy.clone());
            let (connection, scope) = (connection.clone(), scope.clone());
            spawn_local(async move {
                loop {
                    let Some((at, job)) = waiting.borrow_mut().pop_front() else {
                        break;
                    };
                    note(jobs, at, JobState::Runs);
                    let request = request(&connection, &scope, &job.slug, order);
                    let answer = request.send().await;
                    let state = match answer.and_then(|answer| answer.read::<Done>()) {
                        Ok(_) => JobState::Done,
                        Err(failure) => {
                            session.note(&failure);
                            failed.borrow_mut().push(job.name);
                            JobState::Failed(failure.words())
                        }
                    };
                    note(jobs, at, state);
                }
                busy.set(busy.get() - 1);
                if busy.get() > 0 {
                    return;
                }
                match failed.borrow().as_slice() {
                    [] => notices.say(format!("{} {}.", done(order), plural(asked, "service"))),
                    failed => notices.complain(complaint(failed, asked)),
                }
                // The list may be gone by now.
                place.refresh.try_run(());
            });
        }
    })
}

fn note(jobs: RwSignal<Vec<Job>>, at: usize, state: JobState) {
    // The dialog may be closed by now.
    jobs.try_update(|jobs| {
        if let Some(job) = jobs.get_mut(at) {
            job.state = state;
        }
    });
}

fn request(connection: &Connection, scope: &Scope, slug: &str, order: Order) -> Request {
    let params = ServiceParams {
        scope: scope.clone(),
        service: slug.to_owned(),
    };
    match order {
        Order::Restart => call::<RestartService>(connection, &params, &NoQuery, &NoBody).request,
        Order::Scale(count) => {
            let body = Scale::Instances(count);
            call::<ScaleService>(connection, &params, &NoQuery, &body).request
        }
    }
}

fn done(order: Order) -> &'static str {
    match order {
        Order::Restart => "Restarting",
        Order::Scale(_) => "Scaling",
    }
}

/// `2 of 40 services failed: api, web.`
fn complaint(failed: &[String], asked: usize) -> String {
    let named: Vec<&str> = failed.iter().take(NAMED).map(String::as_str).collect();
    let more = if failed.len() > NAMED { ", …" } else { "" };
    let (count, asked) = (failed.len(), plural(asked, "service"));
    format!(
        "{count} of {asked} failed: {}{more}. Tick them to try again.",
        named.join(", ")
    )
}

#[cfg(test)]
mod tests {
    use wire::open::Open;
    use wire::status::{ServiceState, StatusSummary};

    use super::*;

    #[test]
    fn what_can_not_be_done_is_left_and_told() {
        let mut service = Service {
            name: "web".to_owned(),
            image: Some("shop:1".to_owned()),
            status: Some(StatusSummary {
                state: Open::Known(ServiceState::Paused),
                desired: 0,
                ready: 0,
                since: None,
                message: None,
            }),
            ..Service::default()
        };
        let skipped = Job::of(&service, Deed::Restart);
        assert!(matches!(skipped.state, JobState::Skipped(why) if !why.is_empty()));
        assert_eq!(Job::of(&service, Deed::Scale).state, JobState::Waits);
        service.status = None;
        assert_eq!(Job::of(&service, Deed::Restart).state, JobState::Waits);
    }

    #[test]
    fn a_complaint_names_the_first_few() {
        let names = ["a", "b", "c", "d"].map(str::to_owned);
        let words = complaint(&names, 10);
        assert!(
            words.starts_with("4 of 10 services failed: a, b, c, …."),
            "{words}"
        );
    }
}
