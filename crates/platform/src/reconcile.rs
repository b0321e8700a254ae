//! Drives what runs towards what is stored: one task a service, every step safe to repeat.
//!
//! `plan` decides and touches nothing; `worker` looks, and `act` carries out, or `conduct` where the
//! engine keeps instances by itself; `watch` remembers
//! what was seen of each instance; `fetch` waits for
//! their image; `intake` stores their lines; `outcome` puts the state into
//! words, `story` those of a deployment, and `falls` tells of crashes; `census` notices what changed without being asked,
//! and `pace` measures how long all that takes.

mod act;
mod census;
mod conduct;
mod falls;
mod fetch;
mod intake;
mod outcome;
mod pace;
mod plan;
mod stored;
mod story;
mod watch;
mod worker;

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use tokio::sync::{Notify, mpsc};
use tokio::task::JoinHandle;

use crate::domain::Platform;
pub(crate) use pace::Pace;
use worker::Worker;

/// How long to wait before stored services are read again, where that failed.
const RETRY: Duration = Duration::from_secs(2);

/// Tells the reconciler that something about a service changed. Cheap to clone.
#[derive(Clone, Debug)]
pub(crate) struct Wake(mpsc::UnboundedSender<Whom>);

/// The other end of [`Wake`].
#[derive(Debug)]
pub(crate) struct Woken(mpsc::UnboundedReceiver<Whom>);

/// Who is to look.
#[derive(Debug)]
enum Whom {
    /// The service with this id.
    Service(String),
    Everybody,
    /// Every service of which nothing is left to do.
    WhoRests,
}

impl Wake {
    pub(crate) fn new() -> (Self, Woken) {
        let (sender, receiver) = mpsc::unbounded_channel();
        (Self(sender), Woken(receiver))
    }

    /// The service with this id is looked at at once.
    pub(crate) fn service(&self, id: &str) {
        // Nobody listens only while the process ends.
        let _ = self.0.send(Whom::Service(id.to_owned()));
    }

    /// Every service is looked at at once.
    fn everybody(&self) {
        let _ = self.0.send(Whom::Everybody);
    }

    /// Every service at rest is looked at at once; what is tried again has its own pauses.
    fn who_rests(&self) {
        let _ = self.0.send(Whom::WhoRests);
    }
}

/// The task of one service.
struct Task {
    wake: Arc<Notify>,
    rests: Arc<AtomicBool>,
    handle: JoinHandle<()>,
}

impl Drop for Task {
    fn drop(&mut self) {
        self.handle.abort();
    }
}

/// Takes up every stored service and goes on until it is dropped.
pub(crate) async fn run(platform: Arc<Platform>, mut woken: Woken) {
    let mut tasks: HashMap<String, Task> = HashMap::new();
    while let Err(error) = platform.finish_changes().await {
        tracing::error!(%error, "changes that were interrupted can't be read; trying again");
        tokio::time::sleep(RETRY).await;
    }
    for id in stored_ids(&platform).await {
        let task = start(&platform, &id);
        tasks.insert(id, task);
    }
    let census = census::run(Arc::clone(&platform));
    let _census = Task {
        wake: Arc::default(),
        rests: Arc::default(),
        handle: tokio::spawn(census),
    };
    while let Some(whom) = woken.0.recv().await {
        let id = match whom {
            Whom::Service(id) => id,
            Whom::Everybody => {
                tasks.values().for_each(|task| task.wake.notify_one());
                continue;
            }
            Whom::WhoRests => {
                let resting = tasks.values();
                let resting = resting.filter(|task| task.rests.load(Ordering::Relaxed));
                resting.for_each(|task| task.wake.notify_one());
                continue;
            }
        };
        match tasks.get(&id).filter(|task| !task.handle.is_finished()) {
            Some(task) => task.wake.notify_one(),
            None => {
                tasks.retain(|_, task| !task.handle.is_finished());
                let task = start(&platform, &id);
                tasks.insert(id, task);
            }
        }
    }
}

fn start(platform: &Arc<Platform>, id: &str) -> Task {
    let (wake, rests) = (Arc::new(Notify::new()), Arc::new(AtomicBool::new(false)));
    let worker = Worker::new(
        Arc::clone(platform),
        id.to_owned(),
        Arc::clone(&wake),
        Arc::clone(&rests),
    );
    Task {
        wake,
        rests,
        handle: tokio::spawn(worker.run()),
    }
}

async fn stored_ids(platform: &Platform) -> Vec<String> {
    loop {
        match platform.store.service_ids().await {
            Ok(ids) => return ids,
            Err(error) => {
                tracing::error!(%error, "the stored services can't be read; trying again");
            }
        }
        tokio::time::sleep(RETRY).await;
    }
}
