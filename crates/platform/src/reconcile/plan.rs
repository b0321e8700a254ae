//! What to do next: a pure function of what should run and what does.

use std::collections::BTreeMap;

/// What should run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Want {
    /// Instances by process.
    pub(super) counts: BTreeMap<String, u32>,
    pub(super) release: u32,
    pub(super) generation: u32,
    /// Whether a slot has volumes, which two instances must not use at once.
    pub(super) stateful: bool,
    /// Whether the last attempt to replace instances failed, so that no other is made.
    pub(super) hold: bool,
}

impl Want {
    /// How many instances of a process should run.
    pub(super) fn count(&self, process: &str) -> u32 {
        self.counts.get(process).copied().unwrap_or(0)
    }

    /// Whether nothing should run.
    pub(super) fn is_empty(&self) -> bool {
        self.counts.values().all(|count| *count == 0)
    }

    /// Whether an instance is of the release and the restart that should run.
    pub(super) fn is_current(&self, have: &Have) -> bool {
        have.release == self.release && have.generation == self.generation
    }

    /// Whether just this instance should run.
    pub(super) fn includes(&self, have: &Have) -> bool {
        self.is_current(have) && have.ordinal < self.count(&have.process)
    }
}

/// How an instance does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Health {
    Ready,
    Starting,
    Ended,
}

/// An instance that is there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Have {
    pub(super) id: String,
    pub(super) process: String,
    pub(super) ordinal: u32,
    pub(super) release: u32,
    pub(super) generation: u32,
    pub(super) health: Health,
}

/// Something to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// Start what should run in this slot.
    Start { process: String, ordinal: u32 },
    /// Take it out of the route, let it finish, stop and remove it.
    Retire { id: String },
    /// Remove what ended.
    Clear { id: String },
}

/// What runs in one slot.
struct SlotView<'a> {
    process: &'a str,
    ordinal: u32,
    /// Of the wanted release and generation, the best first.
    current: Vec<&'a Have>,
    old: Vec<&'a Have>,
}

impl SlotView<'_> {
    fn is_settled(&self) -> bool {
        self.current
            .first()
            .is_some_and(|have| have.health == Health::Ready)
    }
}

/// What to do next. Empty: all is as it should be, or it waits for an instance to become ready.
///
/// Instances are replaced one at a time: the next only when every slot has what it should. Without
/// volumes the new one is ready before the old one goes; with volumes the old one goes first, since
/// the two must not share a disk.
pub(super) fn plan(want: &Want, have: &[Have]) -> Vec<Step> {
    let mut steps = Vec::new();
    for ended in have.iter().filter(|have| have.health == Health::Ended) {
        steps.push(Step::Clear {
            id: ended.id.clone(),
        });
    }
    let living: Vec<&Have> = have
        .iter()
        .filter(|have| have.health != Health::Ended)
        .collect();
    for have in &living {
        if have.ordinal >= want.count(&have.process) {
            steps.push(retire(have));
        }
    }
    let slots = slots(want, &living);
    for slot in &slots {
        steps.extend(slot.current.iter().skip(1).map(|have| retire(have)));
        match slot.current.first() {
            Some(current) if current.health == Health::Ready => {
                steps.extend(slot.old.iter().map(|have| retire(have)));
            }
            // The attempt failed: what served before goes on alone.
            Some(current) if want.hold && !slot.old.is_empty() => steps.push(retire(current)),
            None if slot.old.is_empty() => steps.push(start(slot)),
            _ => {}
        }
    }
    let waits = slots
        .iter()
        .any(|slot| !slot.is_settled() && (slot.old.is_empty() || !slot.current.is_empty()));
    if !waits && !want.hold {
        let next = slots
            .iter()
            .find(|slot| slot.current.is_empty() && !slot.old.is_empty());
        match next {
            Some(slot) if want.stateful => {
                steps.extend(slot.old.iter().map(|have| retire(have)));
            }
            Some(slot) => steps.push(start(slot)),
            None => {}
        }
    }
    steps
}

fn slots<'a>(want: &'a Want, living: &[&'a Have]) -> Vec<SlotView<'a>> {
    let wanted = want
        .counts
        .iter()
        .flat_map(|(process, count)| (0..*count).map(move |ordinal| (process.as_str(), ordinal)));
    wanted
        .map(|(process, ordinal)| {
            let (mut current, old): (Vec<_>, Vec<_>) = living
                .iter()
                .copied()
                .filter(|have| have.process == process && have.ordinal == ordinal)
                .partition(|have| want.is_current(have));
            current.sort_by_key(|have| have.health);
            SlotView {
                process,
                ordinal,
                current,
                old,
            }
        })
        .collect()
}

fn start(slot: &SlotView<'_>) -> Step {
    Step::Start {
        process: slot.process.to_owned(),
        ordinal: slot.ordinal,
    }
}

fn retire(have: &Have) -> Step {
    Step::Retire {
        id: have.id.clone(),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn want(count: u32, release: u32) -> Want {
        Want {
            counts: BTreeMap::from([("web".to_owned(), count)]),
            release,
            generation: 0,
            stateful: false,
            hold: false,
        }
    }

    fn have(ordinal: u32, release: u32, health: Health) -> Have {
        Have {
            id: format!("{ordinal}v{release}"),
            process: "web".to_owned(),
            ordinal,
            release,
            generation: 0,
            health,
        }
    }

    /// Carries steps out the way an engine would.
    fn carry_out(want: &Want, have: &mut Vec<Have>, steps: &[Step], next_id: &mut u32) {
        for step in steps {
            match step {
                Step::Start { process, ordinal } => {
                    *next_id += 1;
                    have.push(Have {
                        id: format!("new{next_id}"),
                        process: process.clone(),
                        ordinal: *ordinal,
                        release: want.release,
                        generation: want.generation,
                        health: Health::Starting,
                    });
                }
                Step::Retire { id } | Step::Clear { id } => have.retain(|have| have.id != *id),
            }
        }
    }

    fn ready(have: &[Have]) -> usize {
        have.iter()
            .filter(|have| have.health == Health::Ready)
            .count()
    }

    #[test]
    fn missing_instances_start_together() {
        assert_eq!(plan(&want(3, 1), &[]).len(), 3);
    }

    #[test]
    fn what_is_right_is_left_alone() {
        let all: Vec<_> = (0..3)
            .map(|ordinal| have(ordinal, 1, Health::Ready))
            .collect();
        assert_eq!(plan(&want(3, 1), &all), []);
    }

    #[test]
    fn the_old_one_goes_when_the_new_one_is_ready() {
        let start = Step::Start {
            process: "web".into(),
            ordinal: 0,
        };
        let mut all = vec![have(0, 1, Health::Ready), have(1, 1, Health::Ready)];
        assert_eq!(plan(&want(2, 2), &all), [start]);
        all.push(have(0, 2, Health::Starting));
        assert_eq!(plan(&want(2, 2), &all), []);
        all[2].health = Health::Ready;
        let steps = plan(&want(2, 2), &all);
        assert_eq!(steps[0], Step::Retire { id: "0v1".into() });
    }

    #[test]
    fn a_held_attempt_leaves_the_old_one() {
        let want = Want {
            hold: true,
            ..want(1, 2)
        };
        let all = [have(0, 1, Health::Ready), have(0, 2, Health::Starting)];
        assert_eq!(plan(&want, &all), [Step::Retire { id: "0v2".into() }]);
        assert_eq!(plan(&want, &all[..1]), []);
    }

    fn any_have() -> impl Strategy<Value = Vec<Have>> {
        let one = (0_u32..5, 1_u32..4, 0_u8..3).prop_map(|(ordinal, release, health)| {
            let health = [Health::Ready, Health::Starting, Health::Ended][usize::from(health)];
            have(ordinal, release, health)
        });
        proptest::collection::vec(one, 0..8).prop_map(|mut all| {
            for (index, have) in all.iter_mut().enumerate() {
                have.id = format!("id{index}");
            }
            all
        })
    }

    proptest! {
        #[test]
        fn always_converges(count in 0_u32..5, release in 1_u32..4, stateful in any::<bool>(), mut all in any_have()) {
            let want = Want { stateful, ..want(count, release) };
            let mut next_id = 0;
            for _ in 0..60 {
                let steps = plan(&want, &all);
                carry_out(&want, &mut all, &steps, &mut next_id);
                let moved = all.iter_mut().any(|have| {
                    let starting = have.health == Health::Starting;
                    if starting { have.health = Health::Ready; }
                    starting
                });
                if steps.is_empty() && !moved { break; }
            }
            prop_assert_eq!(all.len(), count as usize);
            prop_assert!(all.iter().all(|have| have.release == release && have.health == Health::Ready));
        }

        #[test]
        fn a_rolling_update_never_serves_with_fewer(count in 1_u32..5) {
            let want = want(count, 2);
            let mut all: Vec<_> = (0..count).map(|ordinal| have(ordinal, 1, Health::Ready)).collect();
            let mut next_id = 0;
            loop {
                let steps = plan(&want, &all);
                carry_out(&want, &mut all, &steps, &mut next_id);
                prop_assert!(ready(&all) >= count as usize);
                prop_assert!(all.len() <= count as usize + 1);
                let starting = all.iter_mut().find(|have| have.health == Health::Starting);
                match starting {
                    Some(have) => have.health = Health::Ready,
                    None if steps.is_empty() => break,
                    None => {}
                }
            }
            prop_assert!(all.iter().all(|have| have.release == 2));
        }

        #[test]
        fn a_held_plan_never_touches_what_serves(count in 1_u32..5, release in 1_u32..4, all in any_have()) {
            let want = Want { hold: true, ..want(count, release) };
            for step in plan(&want, &all) {
                let Step::Retire { id } = step else { continue };
                let gone = all.iter().find(|have| have.id == id).unwrap();
                let is_replaced = all.iter().any(|have| {
                    have.id != id && have.ordinal == gone.ordinal && have.health == Health::Ready
                });
                prop_assert!(gone.health != Health::Ready || gone.ordinal >= count || is_replaced || want.is_current(gone));
            }
        }

        #[test]
        fn instances_that_end_at_any_time_are_replaced(
            count in 1_u32..5,
            ends in proptest::collection::vec(any::<proptest::sample::Index>(), 0..10),
        ) {
            let want = want(count, 2);
            let mut all: Vec<_> = (0..count).map(|ordinal| have(ordinal, 1, Health::Ready)).collect();
            let mut next_id = 0;
            for end in ends {
                let steps = plan(&want, &all);
                carry_out(&want, &mut all, &steps, &mut next_id);
                for have in all.iter_mut().filter(|have| have.health == Health::Starting) {
                    have.health = Health::Ready;
                }
                let index = end.index(all.len());
                all[index].health = Health::Ended;
            }
            for _ in 0..60 {
                let steps = plan(&want, &all);
                carry_out(&want, &mut all, &steps, &mut next_id);
                for have in all.iter_mut().filter(|have| have.health == Health::Starting) {
                    have.health = Health::Ready;
                }
            }
            prop_assert_eq!(plan(&want, &all), []);
            prop_assert_eq!(all.len(), count as usize);
            prop_assert!(all.iter().all(|have| want.is_current(have)));
        }

        #[test]
        fn with_volumes_no_slot_ever_has_two(count in 1_u32..4) {
            let want = Want { stateful: true, ..want(count, 2) };
            let mut all: Vec<_> = (0..count).map(|ordinal| have(ordinal, 1, Health::Ready)).collect();
            let mut next_id = 0;
            loop {
                let steps = plan(&want, &all);
                carry_out(&want, &mut all, &steps, &mut next_id);
                for ordinal in 0..count {
                    prop_assert!(all.iter().filter(|have| have.ordinal == ordinal).count() <= 1);
                }
                prop_assert!(ready(&all) + 1 >= count as usize);
                match all.iter_mut().find(|have| have.health == Health::Starting) {
                    Some(have) => have.health = Health::Ready,
                    None if steps.is_empty() => break,
                    None => {}
                }
            }
            prop_assert!(all.iter().all(|have| have.release == 2));
        }
    }
}
