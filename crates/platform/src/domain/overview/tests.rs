//! What an overview says of services in every state.

use chrono::TimeDelta;

use super::*;

fn place(env_type: EnvironmentType) -> Place {
    Place {
        id: env_type.word().to_owned(),
        project_id: "p".to_owned(),
        environment: env_type.word().to_owned(),
        project: "shop".to_owned(),
        environment_name: "Somewhere".to_owned(),
        project_name: "Shop".to_owned(),
        env_type: Open::Known(env_type),
        protected: false,
    }
}

fn noon() -> DateTime<Utc> {
    DateTime::from_timestamp(1_800_000_000, 0).unwrap()
}

fn seen(name: &str, state: ServiceState) -> Seen<'_> {
    Seen {
        name,
        slug: name,
        status: StatusSummary {
            state: Open::Known(state),
            desired: 1,
            ready: 0,
            since: Some(noon()),
            message: Some("web.0: it ended".to_owned()),
        },
        release: Some(2),
        deployment: None,
        failed_build: None,
        errors: None,
    }
}

fn deployment(version: u32, state: DeploymentState, minutes: i64) -> Deployment {
    let at = noon() + TimeDelta::minutes(minutes);
    let mut deployment = Deployment::of_release(version, state, (at, Some(at), at));
    deployment.error =
        (state == DeploymentState::Error).then(|| "It did not become healthy".to_owned());
    "tester".clone_into(&mut deployment.created_by);
    deployment
}

fn concerns(seen: &Seen<'_>) -> Vec<Concern> {
    seen.reasons().map(|reason| reason.concern).collect()
}

#[test]
fn each_reason_is_told_once_and_the_worst_first() {
    let failed = deployment(3, DeploymentState::Error, 1);
    let build = FailedBuild {
        version: 7,
        error: Some("exit code 2".to_owned()),
        ended: noon(),
    };
    let mut service = seen("api", ServiceState::Degraded);
    service.deployment = Some(&failed);
    service.failed_build = Some(&build);
    service.errors = Some(ErrorShare {
        requests: 100,
        errors: 2,
        seconds: 900,
    });
    let all = [
        Concern::Degraded,
        Concern::Errors,
        Concern::DeployFailed,
        Concern::BuildFailed,
    ];
    assert_eq!(concerns(&service), all);

    // What failed is what runs, so that its state tells of it.
    service.release = Some(3);
    assert!(!concerns(&service).contains(&Concern::DeployFailed));
    service.status.message = None;
    let why = service.reasons().next().unwrap().why;
    assert_eq!(why.as_deref(), Some("It did not become healthy"));
}

#[test]
fn what_is_well_or_on_its_way_or_was_ended_on_purpose_needs_nobody() {
    let cancelled = deployment(3, DeploymentState::Cancelled, 1);
    for state in [
        ServiceState::Running,
        ServiceState::Converging,
        ServiceState::Paused,
        ServiceState::Undeployed,
    ] {
        let mut service = seen("api", state);
        service.deployment = Some(&cancelled);
        service.errors = Some(ErrorShare {
            requests: 100,
            errors: 1,
            seconds: 900,
        });
        assert_eq!(concerns(&service), []);
    }
}

#[test]
fn production_comes_first_then_the_worse_then_the_later() {
    let mut survey = Survey::default();
    let mut later = seen("later", ServiceState::Degraded);
    later.status.since = Some(noon() + TimeDelta::minutes(5));
    let build = FailedBuild {
        version: 1,
        error: None,
        ended: noon(),
    };
    let mut built = seen("built", ServiceState::Running);
    built.failed_build = Some(&build);
    survey.add(
        &place(EnvironmentType::Preview),
        &[seen("preview", ServiceState::Down)],
    );
    survey.add(
        &place(EnvironmentType::Production),
        &[
            built,
            seen("sooner", ServiceState::Degraded),
            later,
            seen("down", ServiceState::Down),
        ],
    );
    let overview = survey.finish();
    let names: Vec<&str> = overview
        .attention
        .iter()
        .map(|one| one.name.as_str())
        .collect();
    assert_eq!(names, ["down", "later", "sooner", "built", "preview"]);
}

#[test]
fn a_cell_tells_its_worst_state_and_its_newest_deployment() {
    let (old, new) = (
        deployment(4, DeploymentState::Complete, 1),
        deployment(2, DeploymentState::Running, 2),
    );
    let mut first = seen("first", ServiceState::Running);
    first.deployment = Some(&old);
    let mut second = seen("second", ServiceState::Converging);
    second.deployment = Some(&new);
    let mut survey = Survey::default();
    survey.add(
        &place(EnvironmentType::Production),
        &[first, second, seen("third", ServiceState::Paused)],
    );
    survey.add(&place(EnvironmentType::Staging), &[]);
    let overview = survey.finish();
    let cell = &overview.cells[0];
    assert_eq!(cell.state, Some(Open::Known(ServiceState::Converging)));
    let newest = cell.deployment.as_ref().unwrap();
    assert_eq!((newest.name.as_str(), newest.release), ("second", 2));
    assert_eq!(newest.by.as_deref(), Some("tester"));
    let counts: Vec<(&str, u32)> = overview
        .services
        .iter()
        .map(|one| (one.state.word(), one.count))
        .collect();
    assert_eq!(counts, [("converging", 1), ("running", 1), ("paused", 1)]);
    assert_eq!(
        (&overview.cells[1].state, &overview.cells[1].deployment),
        (&None, &None)
    );
}

#[test]
fn the_list_is_bounded_and_the_rest_is_counted() {
    let names: Vec<String> = (0..MAX_ATTENTION + 20)
        .map(|number| format!("api-{number:03}"))
        .collect();
    let services: Vec<Seen<'_>> = names
        .iter()
        .map(|name| seen(name, ServiceState::Down))
        .collect();
    let mut survey = Survey::default();
    survey.add(&place(EnvironmentType::Production), &services);
    let overview = survey.finish();
    assert_eq!(overview.attention.len(), MAX_ATTENTION);
    assert_eq!(overview.more_attention, 20);
    assert_eq!(overview.attention[0].name, "api-000");
}
