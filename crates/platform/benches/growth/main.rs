//! How the platform grows with its services and nodes, on the simulated engine. Each size is measured
//! in a process of its own, since memory that was used once stays with a process. Prints
//! `name: figure`, and the bar beside it; draws them where `PILOTHOUSE_GROWTH_PLOT` names a file.
#![expect(
    clippy::unwrap_used,
    reason = "a measurement that can't go on has no figure"
)]

mod measure;
mod plot;

use std::process::Command;

use serde::{Deserialize, Serialize};

/// Services, each of one instance, and the nodes that they are on.
const SIZES: [(u32, u16); 3] = [(100, 1), (1_000, 10), (10_000, 100)];
/// A figure that grows as fast as the services has the exponent 1; caches of two shared cores cost some
/// hundredths.
const LINEAR: f64 = 1.1;
/// Tells a process that it is to measure one size: `services,nodes`.
const SIZE: &str = "PILOTHOUSE_GROWTH_SIZE";
const PLOT: &str = "PILOTHOUSE_GROWTH_PLOT";

/// What was measured of one size.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub(crate) struct Figures {
    pub(crate) services: u32,
    pub(crate) nodes: u16,
    /// From the start of a platform that knows them all and of which none runs, until all are ready.
    pub(crate) settled_ms: f64,
    /// The processor time that this takes.
    pub(crate) settled_cpu_ms: f64,
    /// One look at everything while nothing changes.
    pub(crate) look_ms: f64,
    /// The process at rest.
    pub(crate) memory_mb: f64,
    /// The status of one service.
    pub(crate) status_ms: f64,
    /// The status of all, with the services.
    pub(crate) list_ms: f64,
    /// All nodes with what is on each.
    pub(crate) nodes_ms: f64,
}

fn main() {
    if let Ok(size) = std::env::var(SIZE) {
        let (services, nodes) = size.split_once(',').unwrap();
        let figures = measure::measure(services.parse().unwrap(), nodes.parse().unwrap());
        println!("{}", serde_json::to_string(&figures).unwrap());
        return;
    }
    let all = SIZES.map(|(services, nodes)| {
        let figures = apart(services, nodes);
        tell(&figures);
        figures
    });
    growth(&all);
    if let Some(file) = std::env::var_os(PLOT) {
        std::fs::write(&file, plot::plot(&all)).unwrap();
        println!("growth is drawn in {}", file.display());
    }
}

/// Measures a size in a process of its own.
fn apart(services: u32, nodes: u16) -> Figures {
    let measured = Command::new(std::env::current_exe().unwrap())
        .env(SIZE, format!("{services},{nodes}"))
        .output()
        .unwrap();
    let words = String::from_utf8_lossy(&measured.stderr);
    assert!(measured.status.success(), "{words}");
    serde_json::from_slice(&measured.stdout).unwrap()
}

fn tell(figures: &Figures) {
    let Figures {
        services, nodes, ..
    } = figures;
    for (name, figure) in named(figures) {
        println!("growth_{services}_services_{nodes}_nodes_{name}: {figure:.2}");
    }
}

fn named(figures: &Figures) -> [(&'static str, f64); 7] {
    [
        ("settled_ms", figures.settled_ms),
        ("settled_cpu_ms", figures.settled_cpu_ms),
        ("look_ms", figures.look_ms),
        ("memory_mb", figures.memory_mb),
        ("status_ms", figures.status_ms),
        ("list_ms", figures.list_ms),
        ("nodes_ms", figures.nodes_ms),
    ]
}

/// The exponent of each figure's growth, from the smallest size to the largest.
fn growth(all: &[Figures; 3]) {
    let [first, _, last] = all;
    let times = f64::from(last.services) / f64::from(first.services);
    for ((name, small), (_, large)) in named(first).into_iter().zip(named(last)) {
        let exponent = (large / small).log10() / times.log10();
        println!("growth_{name}_exponent: {exponent:.2} (wanted: at most {LINEAR})");
    }
}
