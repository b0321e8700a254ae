//! Orgs, projects and environments around the current address, and the platform itself: what the
//! rail, the breadcrumbs and the pages share.

use leptos::prelude::{Get, provide_context, use_context};
use wire::endpoint::{NoBody, NoQuery};
use wire::endpoints::{
    GetMeta, ListEnvironments, ListOrgs, ListProjects, ListWorkspaceProjects, ListWorkspaces,
};
use wire::environment::Environment;
use wire::meta::Meta;
use wire::open::Open;
use wire::org::Org;
use wire::path::{NoParams, OrgParams, ProjectParams, Scope, WorkspaceParams};
use wire::project::Project;

use super::preference::last_org;
use super::remote::Remote;
use super::session::use_session;
use crate::api::{call, use_connection};
use crate::reactive::memo;
use crate::routes::{Address, use_address};

/// What is around the current address.
#[derive(Clone, Copy)]
pub struct Tree {
    /// The platform.
    pub meta: Remote<Meta>,
    /// Every org, or workspace.
    pub orgs: Remote<Vec<Org>>,
    /// The projects of the org.
    pub projects: Remote<Vec<Project>>,
    /// The environments of the project; none in the W dialect.
    pub environments: Remote<Vec<Environment>>,
}

/// How often the tree is fetched again, in milliseconds: it changes rarely.
const PACE: u32 = 30_000;

/// Starts fetching the tree, below the router.
pub fn provide_tree() -> Tree {
    let session = use_session();
    let address = use_address();
    let is_workspace = move || {
        let address = address.get();
        matches!(
            address.as_ref().and_then(Address::scope),
            Some(Scope::Workspace { .. })
        )
    };
    let place = memo(move || {
        let address = address.get();
        let signed_in = session.who.get().is_some();
        signed_in.then_some((is_workspace(), address))
    });
    let org = memo(move || {
        let (workspace, address) = place.get()?;
        let address = address?;
        let org = match address {
            Address::Home | Address::Nodes => last_org(),
            ref other => other.org().map(str::to_owned),
        };
        org.map(|org| (workspace, org))
    });
    let tree = Tree {
        meta: meta(),
        orgs: orgs(move || place.get().map(|(workspace, _)| workspace)),
        projects: projects(move || org.get()),
        environments: environments(move || {
            let (workspace, address) = place.get()?;
            let address = address.filter(|_| !workspace)?;
            Some((address.org()?.to_owned(), address.project()?.to_owned()))
        }),
    };
    provide_context(tree);
    tree
}

/// What is around the current address.
pub fn use_tree() -> Tree {
    use_context().unwrap_or_else(provide_tree)
}

fn meta() -> Remote<Meta> {
    let connection = use_connection();
    Remote::new(
        move || {
            Some(call::<GetMeta>(
                &connection,
                &NoParams {},
                &NoQuery,
                &NoBody,
            ))
        },
        |_| Some(PACE),
    )
}

fn orgs(workspaces: impl Fn() -> Option<bool> + Send + Sync + 'static) -> Remote<Vec<Org>> {
    let connection = use_connection();
    Remote::new(
        move || {
            Some(match workspaces()? {
                true => call::<ListWorkspaces>(&connection, &NoParams {}, &NoQuery, &NoBody),
                false => call::<ListOrgs>(&connection, &NoParams {}, &NoQuery, &NoBody),
            })
        },
        |_| Some(PACE),
    )
}

fn projects(
    place: impl Fn() -> Option<(bool, String)> + Send + Sync + 'static,
) -> Remote<Vec<Project>> {
    let connection = use_connection();
    Remote::new(
        move || {
            let (is_workspace, org) = place()?;
            Some(if is_workspace {
                let params = WorkspaceParams { workspace: org };
                call::<ListWorkspaceProjects>(&connection, &params, &NoQuery, &NoBody)
            } else {
                let params = OrgParams { org };
                call::<ListProjects>(&connection, &params, &NoQuery, &NoBody)
            })
        },
        |_| Some(PACE),
    )
}

fn environments(
    place: impl Fn() -> Option<(String, String)> + Send + Sync + 'static,
) -> Remote<Vec<Environment>> {
    let connection = use_connection();
    Remote::new(
        move || {
            let (org, project) = place()?;
            let params = ProjectParams { org, project };
            Some(call::<ListEnvironments>(
                &connection,
                &params,
                &NoQuery,
                &NoBody,
            ))
        },
        |_| Some(PACE),
    )
}

impl Tree {
    /// Whether the platform only pretends to run containers.
    pub fn is_simulated(self) -> bool {
        let kind = self.meta.get().map(|meta| meta.engine.kind.clone());
        kind == Some(Open::Known(wire::meta::EngineKind::Simulated))
    }
}
