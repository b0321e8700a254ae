//! What can be done to a service from its head: each asked for once, confirmed, and followed.

use std::future::Future;

use leptos::prelude::*;
use wire::deploy::{DeployRequest, Deployed, Scale};
use wire::endpoint::{NoBody, NoQuery};
use wire::endpoints::{DeleteService, DeployService, RestartService, ScaleService};
use wire::path::ServiceParams;
use wire::quantity::InstanceCount;
use wire::session::Done;

use super::Here;
use crate::api::{Connection, Failure, send, use_connection};
use crate::routes::{Address, use_go};
use crate::state::act::Act;
use crate::state::notices::{Notices, use_notices};

/// Every action of the page.
#[derive(Clone, Copy)]
pub struct Actions {
    /// Make a release and roll it out.
    pub deploy: Act<()>,
    /// Replace every instance.
    pub restart: Act<()>,
    /// Change how many instances run.
    pub scale: Act<Scale>,
    /// Remove it.
    pub delete: Act<()>,
    /// Whether each one's dialog is open.
    pub open: Dialogs,
}

/// Which dialog is open.
#[derive(Clone, Copy)]
pub struct Dialogs {
    /// Before a deploy.
    pub deploy: RwSignal<bool>,
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
            restart: closed(),
            scale: closed(),
            pause: closed(),
            delete: closed(),
        }
    }

    fn close(self) {
        for open in [
            self.deploy,
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
            follow.done(format!("Release v{} rolls out.", deployed.release_version));
        }),
        restart: act(here, restart, move |_| {
            follow.done("Instances are replaced one at a time.".to_owned());
        }),
        scale: act(here, scale, move |_| follow.done("Scaling.".to_owned())),
        delete: use_delete(here, notices, open),
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

fn act<I, O, F>(
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

async fn deploy(at: Connection, params: ServiceParams, _: ()) -> Result<Deployed, Failure> {
    send::<DeployService>(&at, &params, &NoQuery, &DeployRequest::default()).await
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
