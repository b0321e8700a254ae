//! Simulated machines: where each simulated instance is.

use std::num::NonZeroU16;

use pilothouse_wire::node::{NodeAvailability, NodeRole};

use crate::engine::{Disk, EngineNode};

/// What each of several machines seems to have.
const CPUS: f64 = 8.0;
const MEMORY: u64 = 32 * 1024 * 1024 * 1024;
const DISK: Disk = Disk {
    size: 200_000_000_000,
    free: 120_000_000_000,
};

/// The machines, by their place in the list.
pub(super) struct Nodes(Vec<Machine>);

struct Machine {
    name: String,
    availability: NodeAvailability,
    instances: usize,
}

impl Nodes {
    pub(super) fn new(count: NonZeroU16) -> Self {
        let count = count.get();
        let width = count.to_string().len();
        let name = |number: u16| match count {
            1 => "simulated".to_owned(),
            _ => format!("simulated-{number:0width$}"),
        };
        let machine = |number| Machine {
            name: name(number),
            availability: NodeAvailability::Active,
            instances: 0,
        };
        Self((1..=count).map(machine).collect())
    }

    /// Where an instance begins: where the fewest are. Machines that take none are left out, unless
    /// there is no other.
    pub(super) fn place(&mut self) -> usize {
        let fewest = |only_active: bool| {
            let machines = self.0.iter().enumerate();
            let fitting = machines
                .filter(|(_, one)| !only_active || one.availability == NodeAvailability::Active);
            let least = fitting.min_by_key(|(_, one)| one.instances);
            least.map(|(place, _)| place)
        };
        let place = fewest(true).or_else(|| fewest(false)).unwrap_or_default();
        if let Some(machine) = self.0.get_mut(place) {
            machine.instances += 1;
        }
        place
    }

    /// One instance less.
    pub(super) fn leave(&mut self, place: usize) {
        if let Some(machine) = self.0.get_mut(place) {
            machine.instances = machine.instances.saturating_sub(1);
        }
    }

    /// What a machine is called, where it is one of several.
    pub(super) fn name(&self, place: usize) -> Option<String> {
        let machine = self.0.get(place).filter(|_| self.0.len() > 1);
        machine.map(|machine| machine.name.clone())
    }

    /// Sets whether a machine takes instances. Gives its place where those on it are to move.
    pub(super) fn set(&mut self, name: &str, availability: NodeAvailability) -> Option<usize> {
        let place = self.0.iter().position(|one| one.name == name)?;
        self.0.get_mut(place)?.availability = availability;
        let takes = |one: &Machine| one.availability == NodeAvailability::Active;
        let others = self.0.iter().any(takes);
        (availability == NodeAvailability::Drained && others).then_some(place)
    }

    /// As the platform tells of them.
    pub(super) fn told(&self) -> Vec<EngineNode> {
        let are_several = self.0.len() > 1;
        let tell = |(place, machine): (usize, &Machine)| EngineNode {
            role: match place {
                0 => NodeRole::Manager,
                _ => NodeRole::Worker,
            },
            leader: place == 0,
            availability: machine.availability,
            cpus: are_several.then_some(CPUS),
            memory: are_several.then_some(MEMORY),
            disk: are_several.then_some(DISK),
            ..EngineNode::alone(machine.name.clone())
        };
        self.0.iter().enumerate().map(tell).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn nodes(count: u16) -> Nodes {
        Nodes::new(NonZeroU16::new(count).unwrap())
    }

    #[test]
    fn instances_spread_over_the_machines_that_take_them() {
        let mut three = nodes(3);
        let places: Vec<_> = (0..4).map(|_| three.place()).collect();
        assert_eq!(places, [0, 1, 2, 0]);
        assert_eq!(three.set("simulated-2", NodeAvailability::Drained), Some(1));
        three.leave(1);
        assert_eq!([three.place(), three.place(), three.place()], [2, 0, 2]);
    }

    #[test]
    fn the_only_machine_runs_what_there_is() {
        let mut one = nodes(1);
        assert_eq!(one.set("simulated", NodeAvailability::Drained), None);
        assert_eq!((one.place(), one.name(0)), (0, None));
        assert_eq!(one.told()[0].availability, NodeAvailability::Drained);
    }

    #[test]
    fn names_are_in_the_order_of_their_numbers() {
        let names: Vec<_> = nodes(10).told().into_iter().map(|node| node.name).collect();
        assert_eq!(names[0], "simulated-01");
        assert!(names.is_sorted());
    }
}
