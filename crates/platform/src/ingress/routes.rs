//! Which instances answer for which host.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

/// An instance that takes traffic.
#[derive(Debug)]
pub struct Backend {
    /// The engine's id of it.
    pub id: String,
    /// Where it answers.
    pub address: SocketAddr,
    in_flight: AtomicUsize,
}

impl Backend {
    /// An instance without requests.
    pub fn new(id: String, address: SocketAddr) -> Self {
        Self {
            id,
            address,
            in_flight: AtomicUsize::new(0),
        }
    }
}

/// A request on its way through a backend: counted until it is dropped.
#[derive(Debug)]
pub(super) struct InFlight(Arc<Backend>);

impl InFlight {
    fn new(backend: Arc<Backend>) -> Self {
        backend.in_flight.fetch_add(1, Ordering::SeqCst);
        Self(backend)
    }

    pub(super) fn address(&self) -> SocketAddr {
        self.0.address
    }
}

impl Drop for InFlight {
    fn drop(&mut self) {
        self.0.in_flight.fetch_sub(1, Ordering::SeqCst);
    }
}

/// One service behind its hosts.
#[derive(Debug, Default)]
struct Route {
    backends: Vec<Arc<Backend>>,
    next: AtomicUsize,
}

#[derive(Debug, Default)]
struct Table {
    /// By host in lower case; a wildcard as `*.example.com`.
    hosts: HashMap<String, Arc<Route>>,
    /// The hosts of each service.
    services: HashMap<String, Vec<String>>,
}

/// What the table says of a host.
#[derive(Debug)]
pub(super) enum Match {
    /// No service has this host.
    Unknown,
    /// Its service has no ready instance.
    NotReady,
    /// An instance for this request.
    Ready(InFlight),
}

/// The route table. Cheap to clone.
#[derive(Clone, Debug, Default)]
pub struct Ingress(Arc<RwLock<Table>>);

/// The host of a `Host` header, without its port, in lower case.
fn canonical(host: &str) -> String {
    let host = match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => name,
        _ => host,
    };
    host.trim_end_matches('.').to_ascii_lowercase()
}

impl Ingress {
    /// An empty table.
    pub fn new() -> Self {
        Self::default()
    }

    /// Replaces what a service answers for. Requests on their way to a backend that stays keep
    /// being counted; those to one that goes are finished.
    pub fn set(&self, service_id: &str, hosts: &[String], backends: Vec<(String, SocketAddr)>) {
        let mut table = self.0.write().unwrap_or_else(PoisonError::into_inner);
        let before = table.services.get(service_id).and_then(|hosts| hosts.first());
        let before = before.and_then(|host| table.hosts.get(host)).cloned();
        let known = before.as_ref().map_or(&[][..], |route| &route.backends);
        let route = Arc::new(Route {
            backends: backends
                .into_iter()
                .map(|(id, address)| {
                    known
                        .iter()
                        .find(|backend| backend.id == id && backend.address == address)
                        .cloned()
                        .unwrap_or_else(|| Arc::new(Backend::new(id, address)))
                })
                .collect(),
            next: AtomicUsize::new(
                before
                    .as_ref()
                    .map_or(0, |route| route.next.load(Ordering::Relaxed)),
            ),
        });
        table.forget(service_id);
        let hosts: Vec<String> = hosts.iter().map(|host| canonical(host)).collect();
        for host in &hosts {
            table.hosts.insert(host.clone(), Arc::clone(&route));
        }
        table.services.insert(service_id.to_owned(), hosts);
    }

    /// Forgets a service.
    pub fn remove(&self, service_id: &str) {
        self.0
            .write()
            .unwrap_or_else(PoisonError::into_inner)
            .forget(service_id);
    }

    /// The backend with this id that a service's route holds.
    pub fn backend(&self, service_id: &str, id: &str) -> Option<Arc<Backend>> {
        let table = self.0.read().unwrap_or_else(PoisonError::into_inner);
        let host = table.services.get(service_id)?.first()?;
        let route = table.hosts.get(host)?;
        route.backends.iter().find(|backend| backend.id == id).cloned()
    }

    /// The next instance for a request to this host: exact names before wildcards, the longest
    /// wildcard first, backends in turn. `besides` was tried and did not answer.
    pub(super) fn pick(&self, host: &str, besides: Option<SocketAddr>) -> Match {
        let host = canonical(host);
        let table = self.0.read().unwrap_or_else(PoisonError::into_inner);
        let Some(route) = table.find(&host) else {
            return Match::Unknown;
        };
        let turn = route.next.fetch_add(1, Ordering::Relaxed);
        let count = route.backends.len();
        (0..count)
            .filter_map(|step| route.backends.get((turn + step) % count))
            .find(|backend| Some(backend.address) != besides)
            .map_or(Match::NotReady, |backend| {
                Match::Ready(InFlight::new(Arc::clone(backend)))
            })
    }
}

impl Table {
    fn forget(&mut self, service_id: &str) {
        for host in self.services.remove(service_id).unwrap_or_default() {
            self.hosts.remove(&host);
        }
    }

    fn find(&self, host: &str) -> Option<&Arc<Route>> {
        if let Some(route) = self.hosts.get(host) {
            return Some(route);
        }
        // A wildcard stands for one label.
        let (_, parent) = host.split_once('.')?;
        self.hosts.get(&format!("*.{parent}"))
    }
}

/// Waits until a backend that is no longer routed to has finished its requests, at most this long.
pub async fn drained(backend: &Backend, at_most: Duration) {
    const LOOK_EVERY: Duration = Duration::from_millis(20);
    let deadline = tokio::time::Instant::now() + at_most;
    // One look's pause first: a request may just have picked this backend.
    loop {
        tokio::time::sleep(LOOK_EVERY).await;
        let idle = backend.in_flight.load(Ordering::SeqCst) == 0;
        if idle || tokio::time::Instant::now() >= deadline {
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(port: u16) -> SocketAddr {
        SocketAddr::from(([127, 0, 0, 1], port))
    }

    fn port(found: &Match) -> Option<u16> {
        match found {
            Match::Ready(request) => Some(request.address().port()),
            _ => None,
        }
    }

    fn table(hosts: &[&str], ports: &[u16]) -> Ingress {
        let ingress = Ingress::new();
        let hosts: Vec<String> = hosts.iter().map(|host| (*host).to_owned()).collect();
        let backends = ports.iter().map(|port| (port.to_string(), address(*port)));
        ingress.set("service", &hosts, backends.collect());
        ingress
    }

    #[test]
    fn takes_backends_in_turn() {
        let ingress = table(&["a.example"], &[1, 2]);
        let ports: Vec<_> = (0..4).map(|_| port(&ingress.pick("a.example", None))).collect();
        assert_eq!(ports, [Some(1), Some(2), Some(1), Some(2)]);
    }

    #[test]
    fn case_port_and_the_last_dot_make_no_difference() {
        let ingress = table(&["Shop.Example"], &[1]);
        for host in ["shop.example", "SHOP.EXAMPLE:7080", "shop.example."] {
            assert_eq!(port(&ingress.pick(host, None)), Some(1), "{host}");
        }
    }

    #[test]
    fn an_exact_name_goes_before_a_wildcard() {
        let ingress = table(&["*.example.com"], &[1]);
        ingress.set("other", &["a.example.com".to_owned()], vec![("2".into(), address(2))]);
        assert_eq!(port(&ingress.pick("a.example.com", None)), Some(2));
        assert_eq!(port(&ingress.pick("b.example.com", None)), Some(1));
        for host in ["example.com", "a.b.example.com", "", "."] {
            assert!(matches!(ingress.pick(host, None), Match::Unknown), "{host}");
        }
    }

    #[test]
    fn a_service_without_ready_instances_says_so() {
        assert!(matches!(table(&["a.b"], &[]).pick("a.b", None), Match::NotReady));
    }

    #[test]
    fn another_backend_takes_over() {
        let ingress = table(&["a.b"], &[1, 2]);
        assert_eq!(port(&ingress.pick("a.b", Some(address(1)))), Some(2));
        assert!(matches!(table(&["a.b"], &[1]).pick("a.b", Some(address(1))), Match::NotReady));
    }

    #[test]
    fn a_backend_that_stays_keeps_its_count() {
        let ingress = table(&["a.b"], &[1]);
        let request = ingress.pick("a.b", None);
        ingress.set("service", &["c.d".to_owned()], vec![("1".into(), address(1))]);
        let backend = ingress.backend("service", "1").unwrap();
        assert_eq!(backend.in_flight.load(Ordering::SeqCst), 1);
        drop(request);
        assert_eq!(backend.in_flight.load(Ordering::SeqCst), 0);
        assert!(matches!(ingress.pick("a.b", None), Match::Unknown));
    }
}
