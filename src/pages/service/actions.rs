//! What can be done to a service from its head: each asked for once, confirmed, and followed.

use leptos::prelude::*;
use serde::de::DeserializeOwned;
use wire::deploy::{DeployRequest, Deployed, Scale};
use wire::endpoint::{NoBody, NoQuery};
use wire::endpoints::{DeleteService, DeployService, RestartService, ScaleService};
use wire::path::ServiceParams;
use wire::quantity::InstanceCount;
use wire::session::Done;

use super::Here;
use crate::api::{Call, Connection, call, use_connection};
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

/// What pauses: scaling to nothing.
pub fn pausing() -> Option<Scale> {
    InstanceCount::new(0).ok().map(Scale::Instances)
}

impl Actions {
    /// Opens the dialog that deploys an older release again.
    pub fn rehearse(self, release: u32) {
        self.open.release.set(Some(release));
        self.open.again.set(true);
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
        deploy: act(here, deploy, move |_, deployed: Deployed| {
            // Not every platform numbers what it has begun.
            let release = match deployed.release_version {
                0 => "A new release".to_owned(),
                version => format!("Release v{version}"),
            };
            follow.done(match deployed.needs_approval {
                true => format!("{release} waits for another admin to approve it."),
                false => format!("{release} is on its way."),
            });
        }),
        restart: act(here, restart, move |&(), _| {
            follow.done("Instances are replaced one at a time.".to_owned());
        }),
        scale: act(here, scale, move |_, _| follow.done("Scaling.".to_owned())),
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

/// A change of the service that the page is about.
pub fn act<I, O>(
    here: Here,
    call: impl Fn(&Connection, &ServiceParams, &I) -> Call<O> + Copy + 'static,
    done: impl Fn(&I, O) + Clone + 'static,
) -> Act<I>
where
    I: Clone + 'static,
    O: DeserializeOwned + 'static,
{
    let connection = use_connection();
    Act::of_call(
        move |input: &I| call(&connection, &here.params.get_untracked(), input),
        done,
    )
}

fn deploy(at: &Connection, params: &ServiceParams, request: &DeployRequest) -> Call<Deployed> {
    call::<DeployService>(at, params, &NoQuery, request)
}

fn restart(at: &Connection, params: &ServiceParams, &(): &()) -> Call<Done> {
    call::<RestartService>(at, params, &NoQuery, &NoBody)
}

fn scale(at: &Connection, params: &ServiceParams, to: &Scale) -> Call<Done> {
    call::<ScaleService>(at, params, &NoQuery, to)
}

fn use_delete(here: Here, notices: Notices, open: Dialogs) -> Act<()> {
    let go = use_go();
    act(
        here,
        |at, params, &(): &()| call::<DeleteService>(at, params, &NoQuery, &NoBody),
        move |&(), _| {
            let params = here.params.get_untracked();
            open.close();
            notices.say(format!("{} is deleted.", params.service));
            go.run(Address::Services(params.scope));
        },
    )
}
