//! What can be done to a service from its head: each asked for once, confirmed, and followed.

use std::future::Future;

use leptos::prelude::*;
use wire::deploy::{DeployRequest, Deployed, Scale};
use wire::endpoint::{NoBody, NoQuery};
use wire::endpoints::{
    CancelDeployment, CancelImage, DeleteService, DeployService, RestartService, ScaleService,
};
use wire::path::{DeploymentParams, ServiceParams, VersionParams};
use wire::quantity::InstanceCount;
use wire::session::Done;

use super::Here;
use crate::api::{Connection, Failure, send, use_connection};
use crate::reactive::effect;
use crate::routes::{Address, use_go};
use crate::state::act::Act;
use crate::state::notices::{Notices, use_notices};

/// Every action of the page.
#[derive(Clone, Copy)]
pub struct Actions {
    /// Make a release and roll it out, or roll out an older one again.
    pub deploy: Act<DeployRequest>,
    /// Replace every instance.
    pub restart: Act<()>,
    /// Change how many instances run.
    pub scale: Act<Scale>,
    /// Remove it.
    pub delete: Act<()>,
    /// End the build of an image.
    pub cancel_image: Act<u32>,
    /// End a deployment.
    pub cancel_deployment: Act<String>,
    /// Whether each one's dialog is open.
    pub open: Dialogs,
}

/// Which dialog is open.
#[derive(Clone, Copy)]
pub struct Dialogs {
    /// Before a deploy.
    pub deploy: RwSignal<bool>,
    /// Before an older release is deployed again.
    pub again: RwSignal<bool>,
    /// Which one.
    pub release: RwSignal<Option<u32>>,
    /// Before what runs is carried to another environment.
    pub promote: RwSignal<bool>,
    /// Before a restart.
    pub restart: RwSignal<bool>,
    /// Scaling.
    pub scale: RwSignal<bool>,
    /// Before a pause.
    pub pause: RwSignal<bool>,
    /// Before it is deleted.
    pub delete: RwSignal<bool>,
}

impl Dialogs {
    fn new() -> Self {
        let closed = || RwSignal::new(false);
        Self {
            deploy: closed(),
            again: closed(),
            release: RwSignal::new(None),
            promote: closed(),
            restart: closed(),
            scale: closed(),
            pause: closed(),
            delete: closed(),
        }
    }

    fn close(self) {
        for open in [
            self.deploy,
            self.again,
            self.restart,
            self.scale,
            self.pause,
            self.delete,
        ] {
            open.set(false);
        }
    }
}

impl Actions {
    /// Opens the dialog that deploys an older release again.
    pub fn rehearse(self, release: u32) {
        self.open.release.set(Some(release));
        self.open.again.set(true);
    }

    /// Scales to nothing.
    pub fn pause(self) {
        if let Ok(none) = InstanceCount::new(0) {
            self.scale.go(Scale::Instances(none));
        }
    }
}

/// The actions of one service.
pub fn use_actions(here: Here) -> Actions {
    let notices = use_notices();
    let open = Dialogs::new();
    let follow = Follow {
        here,
        notices,
        open,
    };
    Actions {
        deploy: act(here, deploy, move |deployed: Deployed| {
            follow.done(format!(
                "Release v{} is on its way.",
                deployed.release_version
            ));
        }),
        restart: act(here, restart, move |_| {
            follow.done("Instances are replaced one at a time.".to_owned());
        }),
        scale: act(here, scale, move |_| follow.done("Scaling.".to_owned())),
        delete: use_delete(here, notices, open),
        cancel_image: told(
            notices,
            act(here, cancel_image, move |version| {
                follow.done(format!("The build of v{version} is being cancelled."));
            }),
        ),
        cancel_deployment: told(
            notices,
            act(here, cancel_deployment, move |_| {
                follow.done("The deployment is being cancelled.".to_owned());
            }),
        ),
        open,
    }
}

/// What follows every action but the last: the dialog goes, and the page follows what happens.
#[derive(Clone, Copy)]
struct Follow {
    here: Here,
    notices: Notices,
    open: Dialogs,
}

impl Follow {
    fn done(self, words: String) {
        self.open.close();
        self.notices.say(words);
        self.here.refresh();
    }
}

/// An action without a dialog, whose failure is told as a notice.
fn told<I>(notices: Notices, act: Act<I>) -> Act<I> {
    let failed = act.failed();
    effect(move || {
        if let Some(words) = failed.get() {
            notices.complain(words);
        }
    });
    act
}

/// A change of the service that the page is about.
pub fn act<I, O, F>(
    here: Here,
    run: impl Fn(Connection, ServiceParams, I) -> F + Copy + 'static,
    done: impl Fn(O) + Clone + 'static,
) -> Act<I>
where
    I: Clone + 'static,
    O: 'static,
    F: Future<Output = Result<O, Failure>> + 'static,
{
    let connection = use_connection();
    Act::new(
        move |input: &I| {
            run(
                connection.clone(),
                here.params.get_untracked(),
                input.clone(),
            )
        },
        done,
    )
}

async fn deploy(
    at: Connection,
    params: ServiceParams,
    request: DeployRequest,
) -> Result<Deployed, Failure> {
    send::<DeployService>(&at, &params, &NoQuery, &request).await
}

async fn cancel_image(
    at: Connection,
    service: ServiceParams,
    version: u32,
) -> Result<u32, Failure> {
    let params = VersionParams {
        service,
        version: version.to_string(),
    };
    send::<CancelImage>(&at, &params, &NoQuery, &NoBody).await?;
    Ok(version)
}

async fn cancel_deployment(
    at: Connection,
    service: ServiceParams,
    deployment: String,
) -> Result<Done, Failure> {
    let params = DeploymentParams {
        service,
        deployment,
    };
    send::<CancelDeployment>(&at, &params, &NoQuery, &NoBody).await
}

async fn restart(at: Connection, params: ServiceParams, _: ()) -> Result<Done, Failure> {
    send::<RestartService>(&at, &params, &NoQuery, &NoBody).await
}

async fn scale(at: Connection, params: ServiceParams, to: Scale) -> Result<Done, Failure> {
    send::<ScaleService>(&at, &params, &NoQuery, &to).await
}

fn use_delete(here: Here, notices: Notices, open: Dialogs) -> Act<()> {
    let go = use_go();
    act(
        here,
        |at: Connection, params: ServiceParams, (): ()| async move {
            send::<DeleteService>(&at, &params, &NoQuery, &NoBody).await?;
            Ok(params)
        },
        move |params: ServiceParams| {
            open.close();
            notices.say(format!("{} is deleted.", params.service));
            go.run(Address::Services(params.scope));
        },
    )
}
