//! The table of routes, as the platform tells it to its edges.

use std::collections::HashMap;
use std::io;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use http::Method;
use http_body_util::BodyExt;
use hyper::body::Incoming;
use tokio::sync::Notify;
use tokio::time::{sleep, timeout};

use super::link::Link;
use super::protocol::{BEAT_SECONDS, ROUTES, ServiceRoute, Told};
use crate::ingress::{Answering, Ingress};

/// How long nothing may come from a platform that is there.
const SILENCE: Duration = Duration::from_secs(3 * BEAT_SECONDS);
/// The pauses between attempts to reach it.
const MIN_PAUSE: Duration = Duration::from_millis(250);
const MAX_PAUSE: Duration = Duration::from_secs(5);
/// The longest line that is taken, in bytes: ten thousand services of a hundred instances.
const MAX_LINE: usize = 256 * 1024 * 1024;

/// What an edge was told so far: what differs is what is told next.
#[derive(Default)]
pub(super) struct Teller(Option<HashMap<String, ServiceRoute>>);

impl Teller {
    /// What is to be told of a table; nothing where all of it is known.
    pub(super) fn tell(&mut self, version: u64, table: &[Answering]) -> Option<Told> {
        let now: HashMap<String, ServiceRoute> = table
            .iter()
            .map(|answering| (answering.service_id.clone(), answering.into()))
            .collect();
        let before = self.0.replace(now.clone());
        let is_whole = before.is_none();
        let before = before.unwrap_or_default();
        let gone: Vec<String> = before
            .keys()
            .filter(|id| !now.contains_key(*id))
            .cloned()
            .collect();
        let services: Vec<ServiceRoute> = now
            .into_iter()
            .filter(|(id, route)| before.get(id) != Some(route))
            .map(|(_, route)| route)
            .collect();
        (is_whole || !services.is_empty() || !gone.is_empty()).then_some(Told {
            version,
            is_whole,
            services,
            gone,
        })
    }
}

/// Takes over what was told.
fn apply(ingress: &Ingress, told: Told) {
    if told.is_whole {
        for known in ingress.table().1 {
            ingress.remove(&known.service_id);
        }
    }
    for id in &told.gone {
        ingress.remove(id);
    }
    for route in told.services {
        let answering = Answering::from(route);
        ingress.set(&answering.service_id, &answering.hosts, answering.targets);
    }
}

/// Follows the table of the platform for ever; while the platform is away the last one holds.
pub(super) async fn follow(link: Link, ingress: Ingress, told: &Notify) {
    let mut pause = MIN_PAUSE;
    loop {
        match follow_once(&link, &ingress, told, &mut pause).await {
            Ok(()) => tracing::warn!("the platform ended the routes: asking again"),
            Err(error) => {
                tracing::warn!(%error, "the platform does not tell the routes: asking again");
            }
        }
        sleep(pause.mul_f64(rand::random_range(0.5..1.0))).await;
        pause = (pause * 2).min(MAX_PAUSE);
    }
}

async fn follow_once(
    link: &Link,
    ingress: &Ingress,
    told: &Notify,
    pause: &mut Duration,
) -> io::Result<()> {
    let asked = link.ask(Method::GET, ROUTES, Bytes::new());
    let answer = timeout(SILENCE, asked).await;
    let answer = answer.map_err(|_| io::Error::from(io::ErrorKind::TimedOut))??;
    let mut lines = Lines::new(answer.into_body());
    while let Some(line) = lines.next().await? {
        if line.is_empty() {
            continue;
        }
        let news: Told = serde_json::from_slice(&line)?;
        tracing::info!(
            version = news.version,
            services = news.services.len(),
            gone = news.gone.len(),
            whole = news.is_whole,
            "the routes changed"
        );
        apply(ingress, news);
        told.notify_one();
        *pause = MIN_PAUSE;
    }
    Ok(())
}

/// The lines of an answer.
struct Lines {
    body: Incoming,
    held: BytesMut,
}

impl Lines {
    fn new(body: Incoming) -> Self {
        let held = BytesMut::new();
        Self { body, held }
    }

    async fn next(&mut self) -> io::Result<Option<Bytes>> {
        loop {
            if let Some(end) = memchr::memchr(b'\n', &self.held) {
                let line = self.held.split_to(end + 1).freeze();
                return Ok(Some(line.slice(..end)));
            }
            if self.held.len() > MAX_LINE {
                return Err(io::Error::other("a line of the routes is too long"));
            }
            let frame = timeout(SILENCE, self.body.frame()).await;
            match frame.map_err(|_| io::Error::from(io::ErrorKind::TimedOut))? {
                None => return Ok(None),
                Some(frame) => {
                    if let Ok(data) = frame.map_err(io::Error::other)?.into_data() {
                        self.held.extend_from_slice(&data);
                    }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ingress::{Room, Target};

    fn answering(id: &str, ports: &[u16]) -> Answering {
        let target = |port: &u16| Target {
            id: port.to_string(),
            label: "web.0".to_owned(),
            address: ([10, 0, 0, 1], *port).into(),
        };
        Answering {
            service_id: id.to_owned(),
            hosts: vec![format!("{id}.test")],
            targets: ports.iter().map(target).collect(),
        }
    }

    #[test]
    fn only_what_differs_is_told() {
        let mut teller = Teller::default();
        let first = teller.tell(1, &[answering("a", &[1]), answering("b", &[2])]);
        let first = first.unwrap();
        assert!(first.is_whole && first.services.len() == 2);
        assert_eq!(
            teller.tell(2, &[answering("b", &[2]), answering("a", &[1])]),
            None
        );
        let next = teller.tell(3, &[answering("a", &[1, 3])]).unwrap();
        assert!(!next.is_whole);
        assert_eq!(next.services.len(), 1);
        assert_eq!(next.gone, ["b"]);
    }

    #[test]
    fn an_edge_has_the_table_that_it_was_told() {
        let ingress = Ingress::new(Room::within(20_000));
        let mut teller = Teller::default();
        let tables = [
            vec![answering("a", &[1]), answering("b", &[2])],
            vec![answering("a", &[1, 3])],
            vec![],
            vec![answering("c", &[4])],
        ];
        for (version, table) in (1..).zip(&tables) {
            apply(&ingress, teller.tell(version, table).unwrap());
            assert_eq!(ingress.table().1, *table);
        }
        // A platform that is another one begins anew.
        let whole = Teller::default().tell(1, &tables[0]).unwrap();
        apply(&ingress, whole);
        assert_eq!(ingress.table().1, tables[0]);
    }
}
