//! Which instances answer for which host.

use std::collections::{HashMap, HashSet};
use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, PoisonError, RwLock};

use tokio::sync::watch;

use super::backend::{Backend, Crowd, InFlight, Target};
use super::room::{Count, Room};

/// The instances of one service, and whose turn it is.
#[derive(Debug)]
struct Route {
    service_id: Arc<str>,
    backends: Vec<Arc<Backend>>,
    next: AtomicUsize,
    in_flight: Arc<Count>,
}

impl Route {
    fn empty(service_id: &str) -> Self {
        Self {
            service_id: service_id.into(),
            backends: Vec::new(),
            next: AtomicUsize::default(),
            in_flight: Arc::default(),
        }
    }

    fn targets(&self) -> impl Iterator<Item = &Target> {
        self.backends.iter().map(|backend| &backend.target)
    }

    /// The route with these instances: those that stay keep being counted.
    fn with(&self, targets: Vec<Target>) -> Self {
        let backend = |target: Target| {
            let is_it = |known: &&Arc<Backend>| known.target == target;
            match self.backends.iter().find(is_it) {
                Some(known) => Arc::clone(known),
                None => Arc::new(Backend::new(target)),
            }
        };
        Self {
            service_id: Arc::clone(&self.service_id),
            backends: targets.into_iter().map(backend).collect(),
            next: AtomicUsize::new(self.next.load(Ordering::Relaxed)),
            in_flight: Arc::clone(&self.in_flight),
        }
    }
}

#[derive(Debug)]
struct Service {
    hosts: Vec<String>,
    route: Arc<Route>,
}

#[derive(Debug, Default)]
struct Table {
    /// By host in lower case; a wildcard as `*.example.com`.
    hosts: HashMap<String, Arc<Route>>,
    services: HashMap<String, Service>,
}

/// What the table says of a host.
#[derive(Debug)]
pub(super) enum Match {
    /// No service has this host.
    Unknown,
    /// This service has no ready instance.
    NotReady(Arc<str>),
    /// This service has as many requests on their way as it may.
    Busy(Arc<str>),
    /// An instance of this service for the request.
    Ready(Arc<str>, InFlight),
}

/// What a service answers for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answering {
    /// Its id.
    pub service_id: String,
    /// Its hosts in lower case.
    pub hosts: Vec<String>,
    /// The instances that take traffic.
    pub targets: Vec<Target>,
}

/// The route table. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Ingress {
    table: Arc<RwLock<Table>>,
    crowd: Crowd,
    /// Counts the changes of the table.
    version: Arc<watch::Sender<u64>>,
}

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
    pub fn new(room: Room) -> Self {
        Self {
            table: Arc::default(),
            crowd: Crowd {
                room,
                requests: Arc::default(),
            },
            version: Arc::new(watch::Sender::new(0)),
        }
    }

    /// Tells of each change of the table, by how many there were.
    pub(crate) fn changes(&self) -> watch::Receiver<u64> {
        self.version.subscribe()
    }

    /// The whole table with its version, by the services' ids.
    pub(crate) fn table(&self) -> (u64, Vec<Answering>) {
        let table = self.table.read().unwrap_or_else(PoisonError::into_inner);
        let version = *self.version.borrow();
        let answering = |(id, service): (&String, &Service)| Answering {
            service_id: id.clone(),
            hosts: service.hosts.clone(),
            targets: service.route.targets().cloned().collect(),
        };
        let mut all: Vec<Answering> = table.services.iter().map(answering).collect();
        all.sort_by(|a, b| a.service_id.cmp(&b.service_id));
        (version, all)
    }

    fn note_change(&self) {
        self.version.send_modify(|version| *version += 1);
    }

    /// How many connections of visitors there may be.
    pub(super) fn visitors(&self) -> usize {
        self.crowd.room.visitors
    }

    /// Replaces what a service answers for. Requests on their way to a backend that stays keep
    /// being counted; those to one that goes are finished.
    pub fn set(&self, service_id: &str, hosts: &[String], targets: Vec<Target>) {
        let mut table = self.table.write().unwrap_or_else(PoisonError::into_inner);
        let hosts: Vec<String> = hosts.iter().map(|host| canonical(host)).collect();
        let is_same = table
            .services
            .get(service_id)
            .is_some_and(|known| known.hosts == hosts && known.route.targets().eq(targets.iter()));
        let route = match table.forget(service_id) {
            Some(before) => before.with(targets),
            None => Route::empty(service_id).with(targets),
        };
        let route = Arc::new(route);
        if !is_same {
            self.note_change();
        }
        for host in &hosts {
            table.hosts.insert(host.clone(), Arc::clone(&route));
        }
        table
            .services
            .insert(service_id.to_owned(), Service { hosts, route });
    }

    /// Forgets a service.
    pub fn remove(&self, service_id: &str) {
        let mut table = self.table.write().unwrap_or_else(PoisonError::into_inner);
        if table.forget(service_id).is_some() {
            self.note_change();
        }
    }

    /// The backend with this id that a service's route holds.
    pub fn backend(&self, service_id: &str, id: &str) -> Option<Arc<Backend>> {
        let table = self.table.read().unwrap_or_else(PoisonError::into_inner);
        let backends = &table.services.get(service_id)?.route.backends;
        backends
            .iter()
            .find(|backend| backend.target.id == id)
            .cloned()
    }

    /// The next instance for a request to this host: exact names before wildcards, backends in turn.
    /// Those in `besides` were tried and did not answer.
    ///
    /// A request is counted before a later [`Ingress::set`] returns, so that what that takes out of
    /// the route gets no request that [`drained`](super::drained) does not see.
    pub(super) fn pick(&self, host: &str, besides: &[SocketAddr]) -> Match {
        let host = canonical(host);
        let table = self.table.read().unwrap_or_else(PoisonError::into_inner);
        let Some(route) = table.find(&host) else {
            return Match::Unknown;
        };
        let turn = route.next.fetch_add(1, Ordering::Relaxed);
        let count = route.backends.len();
        let in_turn = || {
            let backends =
                (0..count).filter_map(move |step| route.backends.get((turn + step) % count));
            backends.filter(|backend| !besides.contains(&backend.target.address))
        };
        in_turn()
            .find(|backend| !backend.is_in_doubt())
            .or_else(|| in_turn().next())
            .map_or_else(
                || Match::NotReady(Arc::clone(&route.service_id)),
                |backend| match InFlight::new(backend, &route.in_flight, &self.crowd) {
                    Some(request) => Match::Ready(Arc::clone(&route.service_id), request),
                    None => Match::Busy(Arc::clone(&route.service_id)),
                },
            )
    }

    /// The ids of all services that have a host.
    pub(crate) fn services_with_hosts(&self) -> HashSet<String> {
        let table = self.table.read().unwrap_or_else(PoisonError::into_inner);
        let services = table.services.iter();
        services
            .filter(|(_, service)| !service.hosts.is_empty())
            .map(|(id, _)| id.clone())
            .collect()
    }
}

impl Table {
    /// Gives back what was forgotten. A host that another service has taken over stays its own.
    fn forget(&mut self, service_id: &str) -> Option<Arc<Route>> {
        let Service { hosts, route } = self.services.remove(service_id)?;
        for host in hosts {
            if self
                .hosts
                .get(&host)
                .is_some_and(|found| Arc::ptr_eq(found, &route))
            {
                self.hosts.remove(&host);
            }
        }
        Some(route)
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

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use proptest::prelude::*;
    use tokio::time::timeout;

    use super::super::backend::drained;
    use super::*;

    fn address(port: u16) -> SocketAddr {
        SocketAddr::from(([127, 0, 0, 1], port))
    }

    fn port(found: &Match) -> Option<u16> {
        match found {
            Match::Ready(_, request) => Some(request.address().port()),
            _ => None,
        }
    }

    fn table(hosts: &[&str], ports: &[u16]) -> Ingress {
        let ingress = Ingress::new(Room::within(20_000));
        let hosts: Vec<String> = hosts.iter().map(|host| (*host).to_owned()).collect();
        ingress.set(
            "service",
            &hosts,
            ports.iter().copied().map(target).collect(),
        );
        ingress
    }

    fn target(port: u16) -> Target {
        Target {
            id: port.to_string(),
            label: "web.0".to_owned(),
            address: address(port),
        }
    }

    #[test]
    fn takes_backends_in_turn() {
        let ingress = table(&["a.example"], &[1, 2]);
        let ports: Vec<_> = (0..4)
            .map(|_| port(&ingress.pick("a.example", &[])))
            .collect();
        assert_eq!(ports, [Some(1), Some(2), Some(1), Some(2)]);
    }

    #[test]
    fn case_port_and_the_last_dot_make_no_difference() {
        let ingress = table(&["Shop.Example"], &[1]);
        for host in ["shop.example", "SHOP.EXAMPLE:7080", "shop.example."] {
            assert_eq!(port(&ingress.pick(host, &[])), Some(1), "{host}");
        }
    }

    #[test]
    fn an_exact_name_goes_before_a_wildcard() {
        let ingress = table(&["*.example.com"], &[1]);
        ingress.set("other", &["a.example.com".to_owned()], vec![target(2)]);
        assert_eq!(port(&ingress.pick("a.example.com", &[])), Some(2));
        assert_eq!(port(&ingress.pick("b.example.com", &[])), Some(1));
        for host in ["example.com", "a.b.example.com", "", "."] {
            assert!(matches!(ingress.pick(host, &[]), Match::Unknown), "{host}");
        }
    }

    #[test]
    fn a_service_without_ready_instances_says_so() {
        assert!(matches!(
            table(&["a.b"], &[]).pick("a.b", &[]),
            Match::NotReady(_)
        ));
    }

    #[test]
    fn a_service_that_hangs_leaves_room_for_others() {
        let ingress = table(&["a.b"], &[1]);
        ingress.set("other", &["c.d".to_owned()], vec![target(2)]);
        let mut held: Vec<_> = (0..1_024).map(|_| ingress.pick("a.b", &[])).collect();
        assert!(held.iter().all(|found| matches!(found, Match::Ready(..))));
        assert!(matches!(ingress.pick("a.b", &[]), Match::Busy(_)));
        assert_eq!(port(&ingress.pick("c.d", &[])), Some(2));
        // What a route is replaced with goes on counting.
        ingress.set("service", &["a.b".to_owned()], vec![target(3)]);
        assert!(matches!(ingress.pick("a.b", &[]), Match::Busy(_)));
        held.pop();
        assert_eq!(port(&ingress.pick("a.b", &[])), Some(3));
    }

    #[test]
    fn all_services_share_the_room() {
        let ingress = Ingress::new(Room::within(0));
        for (host, port) in [("a.b", 1), ("c.d", 2)] {
            ingress.set(host, &[host.to_owned()], vec![target(port)]);
        }
        let held = ingress.pick("a.b", &[]);
        assert!(matches!(ingress.pick("c.d", &[]), Match::Busy(_)));
        drop(held);
        assert_eq!(port(&ingress.pick("c.d", &[])), Some(2));
    }

    #[test]
    fn another_backend_takes_over() {
        let ingress = table(&["a.b"], &[1, 2]);
        assert_eq!(port(&ingress.pick("a.b", &[address(1)])), Some(2));
        assert!(matches!(
            table(&["a.b"], &[1]).pick("a.b", &[address(1)]),
            Match::NotReady(_)
        ));
    }

    #[test]
    fn a_host_that_moved_stays_with_its_new_service() {
        let ingress = table(&["a.b", "c.d"], &[1]);
        ingress.set("other", &["a.b".to_owned()], vec![target(2)]);
        ingress.set("service", &["c.d".to_owned()], vec![target(1)]);
        assert_eq!(port(&ingress.pick("a.b", &[])), Some(2));
        ingress.remove("other");
        assert!(matches!(ingress.pick("a.b", &[]), Match::Unknown));
        assert_eq!(port(&ingress.pick("c.d", &[])), Some(1));
    }

    #[tokio::test]
    async fn a_backend_is_drained_when_its_last_request_ends() {
        let ingress = table(&["a.b"], &[1]);
        let request = ingress.pick("a.b", &[]);
        let backend = ingress.backend("service", "1").unwrap();
        ingress.set("service", &["a.b".to_owned()], Vec::new());
        assert!(!drained(&backend, Duration::ZERO).await);
        let (drained, ()) = tokio::join!(drained(&backend, Duration::from_secs(60)), async {
            drop(request);
        });
        assert!(drained);
    }

    #[tokio::test]
    async fn one_in_doubt_is_asked_last_until_it_takes_connections() {
        let listener = tokio::net::TcpListener::bind(address(0)).await.unwrap();
        let own = listener.local_addr().unwrap().port();
        let ingress = table(&["a.b"], &[own, 2]);
        let Match::Ready(_, request) = ingress.pick("a.b", &[]) else {
            panic!("nobody is ready");
        };
        assert_eq!(request.address().port(), own);
        request.doubt();
        let next = || port(&ingress.pick("a.b", &[]));
        assert_eq!([next(), next(), next()], [Some(2); 3]);
        // With no other left it is asked all the same.
        assert_eq!(port(&ingress.pick("a.b", &[address(2)])), Some(own));
        listener.accept().await.unwrap();
        let is_back = async {
            while next() != Some(own) {
                tokio::task::yield_now().await;
            }
        };
        timeout(Duration::from_secs(10), is_back).await.unwrap();
    }

    proptest! {
        #[test]
        fn no_host_is_fatal(host in ".{0,40}") {
            let ingress = table(&["*.example.com"], &[1]);
            let _ = ingress.pick(&host, &[]);
        }

        #[test]
        fn a_label_before_a_wildcard_is_all_it_takes(label in "[a-zA-Z0-9-]{1,20}", port in 1_u16..) {
            let ingress = table(&["*.example.com"], &[1]);
            let host = format!("{label}.Example.com:{port}");
            prop_assert!(matches!(ingress.pick(&host, &[]), Match::Ready(..)));
        }
    }

    #[test]
    fn a_backend_that_stays_keeps_its_count() {
        let ingress = table(&["a.b"], &[1]);
        let request = ingress.pick("a.b", &[]);
        ingress.set("service", &["c.d".to_owned()], vec![target(1)]);
        let backend = ingress.backend("service", "1").unwrap();
        assert_eq!(backend.in_flight(), 1);
        drop(request);
        assert_eq!(backend.in_flight(), 0);
        assert!(matches!(ingress.pick("a.b", &[]), Match::Unknown));
    }
}
