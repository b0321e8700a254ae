//! What runs in one environment, in a line or two.

use leptos::prelude::*;
use wire::open::Open;
use wire::overview::{Cell, CellDeployment};
use wire::path::EnvironmentParams;
use wire::release::DeploymentState;

use crate::components::status::{service_state, state_mark};
use crate::pages::parts::instant;
use crate::routes::Address;
use crate::words::grouped;

/// The page of an environment.
pub fn address(org: &str, cell: &Cell) -> Address {
    Address::Overview(EnvironmentParams {
        org: org.to_owned(),
        project: cell.project.clone(),
        environment: cell.environment.clone(),
    })
}

/// Its state and how many services are in it, as a link, and what was deployed last.
pub fn cell_view(org: &str, cell: &Cell) -> AnyView {
    let label = format!("{} / {}: ", cell.project, cell.environment);
    let state = cell.state.as_ref().map(|state| {
        view! {
            {state_mark(service_state(state))}
            <span class="dim">{ratio(cell)}</span>
        }
    });
    let none = cell
        .state
        .is_none()
        .then(|| view! { <span class="faint">"No services"</span> });
    view! {
        <div class="cell">
            <a class="cell-link" href=address(org, cell).path()>
                <span class="unseen">{label}</span>
                {state}
                {none}
            </a>
            <span class="cell-more faint">{cell.deployment.as_ref().map(newest)}</span>
        </div>
    }
    .into_any()
}

/// `12` where all are in the state that is shown, `1 of 12` where one is.
fn ratio(cell: &Cell) -> String {
    let all: usize = cell.services.iter().map(|one| one.count as usize).sum();
    let worst = cell.services.first().map_or(0, |one| one.count as usize);
    if worst == all {
        grouped(all)
    } else {
        format!("{} of {}", grouped(worst), grouped(all))
    }
}

/// `api v14, 3 h ago, admin key`
fn newest(deployment: &CellDeployment) -> AnyView {
    let what = what(deployment);
    let when = deployment.created.map(|created| {
        view! {
            ", "
            {instant(created)}
        }
    });
    let by = deployment.by.as_ref().map(|by| format!(", {by}"));
    view! {
        {what}
        {when}
        {by}
    }
    .into_any()
}

/// Which release of which service: `api v14`.
pub fn release(deployment: &CellDeployment) -> String {
    let name = match deployment.name.is_empty() {
        true => &deployment.service,
        false => &deployment.name,
    };
    format!("{name} v{}", deployment.release)
}

/// The same, and how it went where it did not go well.
fn what(deployment: &CellDeployment) -> String {
    let how = match deployment.state.as_ref().and_then(Open::known) {
        Some(DeploymentState::Error) => " failed",
        Some(DeploymentState::Cancelled) => " cancelled",
        Some(DeploymentState::Pending) => " waits",
        Some(DeploymentState::Running) => " rolls out",
        Some(DeploymentState::Complete) | None => "",
    };
    let serving = deployment.serving;
    let serving = serving.map(|version| format!(", v{version} serves"));
    format!(
        "{}{how}{}",
        release(deployment),
        serving.unwrap_or_default()
    )
}

#[cfg(test)]
pub(super) mod tests {
    use wire::overview::StateCount;
    use wire::status::ServiceState;

    use super::*;

    /// A cell of a project and an environment, with so many services a state.
    pub(in crate::pages::overview) fn cell(
        project: &str,
        environment: &str,
        counts: &[(ServiceState, u32)],
    ) -> Cell {
        let services: Vec<StateCount> = counts
            .iter()
            .map(|(state, count)| StateCount {
                state: Open::Known(*state),
                count: *count,
            })
            .collect();
        Cell {
            project: project.to_owned(),
            project_name: project.to_owned(),
            environment: environment.to_owned(),
            environment_name: environment.to_owned(),
            env_type: None,
            protected: false,
            state: services.first().map(|worst| worst.state.clone()),
            services,
            deployment: None,
        }
    }

    #[test]
    fn a_state_is_counted_against_all() {
        let running = cell("shop", "production", &[(ServiceState::Running, 1_200)]);
        assert_eq!(ratio(&running), "1,200");
        let counts = [(ServiceState::Down, 1), (ServiceState::Running, 11)];
        assert_eq!(ratio(&cell("shop", "production", &counts)), "1 of 12");
    }

    #[test]
    fn a_deployment_says_how_it_went_unless_it_went_well() {
        let mut deployment = CellDeployment {
            service: "api".into(),
            name: "Api".into(),
            release: 14,
            serving: None,
            state: Some(Open::Known(DeploymentState::Complete)),
            created: None,
            by: None,
        };
        assert_eq!(what(&deployment), "Api v14");
        deployment.state = Some(Open::Known(DeploymentState::Error));
        assert_eq!(what(&deployment), "Api v14 failed");
        deployment.serving = Some(13);
        assert_eq!(what(&deployment), "Api v14 failed, v13 serves");
        deployment.serving = None;
        deployment.state = Some(Open::Unknown("paused".into()));
        assert_eq!(what(&deployment), "Api v14");
    }
}
