//! An edge: takes visitors by the table that it was told last.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;

use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;
use tokio_util::task::AbortOnDropHandle;

use super::link::Link;
use super::protocol::Settings;
use super::{routes, rows, usage};
use crate::front::{listen, stop_on_signal};
use crate::ingress::{self, Ingress, Ledger, Limits, Room, Serving};
use crate::process;
use crate::settings::EdgeArgs;
use crate::start::StartError;

/// Takes visitors until a signal asks to stop. The first table is waited for: without one every service
/// would be unknown.
///
/// # Errors
/// Why it does not start.
pub(crate) async fn run(args: &EdgeArgs) -> Result<(), StartError> {
    process::raise_descriptors();
    let link = Link::new(settings(&args.settings)?)?;
    let ingress = Ingress::new(Room::within(process::descriptors()));
    let (ledger, visits) = Ledger::new();
    let stop = CancellationToken::new();
    stop_on_signal(stop.clone())?;
    let told = Arc::new(Notify::new());
    let _following = {
        let (link, ingress, told) = (link.clone(), ingress.clone(), Arc::clone(&told));
        let follow = async move { routes::follow(link, ingress, &told).await };
        AbortOnDropHandle::new(tokio::spawn(follow))
    };
    let is_told = stop.run_until_cancelled(told.notified()).await;
    if is_told.is_none() {
        return Ok(());
    }
    let serve = serve(args.listen, ingress, &ledger, stop.clone()).await?;
    tracing::info!(address = %args.listen, "taking visitors");
    let _telling = {
        let tell = usage::tell(link.clone(), args.node.clone(), args.groups.clone());
        AbortOnDropHandle::new(tokio::spawn(tell))
    };
    let ended = CancellationToken::new();
    let ship = tokio::spawn(rows::ship(link, args.node.clone(), visits, ended.clone()));
    serve.await;
    ended.cancel();
    // It bounds itself.
    let _ = ship.await;
    Ok(())
}

async fn serve(
    address: SocketAddr,
    ingress: Ingress,
    ledger: &Ledger,
    stop: CancellationToken,
) -> Result<impl Future<Output = ()>, StartError> {
    let listener = listen(address, "--listen").await?;
    let serving = Serving {
        ingress,
        ledger: ledger.clone(),
        behind_proxy: false,
        limits: Limits::default(),
    };
    Ok(ingress::serve(listener, &serving, stop)?)
}

fn settings(file: &Path) -> Result<Settings, StartError> {
    let read = || -> std::io::Result<Settings> {
        Ok(serde_json::from_str(&std::fs::read_to_string(file)?)?)
    };
    read().map_err(|source| StartError::EdgeSettings {
        file: file.to_owned(),
        source,
    })
}
