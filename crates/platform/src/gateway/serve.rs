//! `pilothouse serve --upstream`: a socket, the words at the start, and the end.

use tokio_util::sync::CancellationToken;

use super::{Hosts, Key, Limits, Parts, router};
use crate::front::{FINISH_WITHIN, Front, stop_on_signal};
use crate::serve::{console, say};
use crate::settings::{Gate, ServeArgs};
use crate::start::StartError;

/// Serves the console of a platform elsewhere until a signal asks to stop.
///
/// # Errors
/// Why it does not start.
pub(crate) async fn serve(args: &ServeArgs, gate: &Gate) -> Result<(), StartError> {
    let secure = args.is_secure();
    let public = !args.listen.ip().is_loopback();
    if public && !secure {
        return Err(StartError::PublicAddress(args.listen));
    }
    if public && !gate.open {
        return Err(StartError::OpenGateway(args.listen));
    }
    let upstream = gate.upstream.clone();
    if !upstream.is_private() {
        tracing::warn!(%upstream, "the key travels there unencrypted: name it with https://");
    }
    let router = router(Parts {
        upstream: upstream.clone(),
        key: Key::read(&gate.key_file)?,
        console: console(args)?,
        hosts: if secure { Hosts::Any } else { Hosts::Loopback },
        secure,
        limits: Limits::default(),
    })?;
    let front = Front::open(args).await?;
    let console = front.url()?;
    let stop = CancellationToken::new();
    stop_on_signal(stop.clone())?;
    let answered = front.serve(router, stop.clone())?;
    say(&format!(
        "Pilothouse {version}\n\
         Upstream  {upstream}\n\
         Console   {console}/\n          (whoever reaches it acts with the key)\n\n",
        version = env!("CARGO_PKG_VERSION"),
    ));
    stop.cancelled().await;
    tracing::info!("stopping");
    if tokio::time::timeout(FINISH_WITHIN, answered).await.is_err() {
        tracing::warn!("some requests did not finish in time");
    }
    Ok(())
}
