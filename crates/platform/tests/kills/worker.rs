//! Somebody who works with the platform, and with services of their own alone.

use rand::Rng;
use rand::rngs::StdRng;
use serde_json::Value;

use crate::deed::{Deed, SERVICES};
use crate::ledger::{Kind, Service};
use crate::line::{Ask, Heard, Line};

/// Services that a worker has at the same time.
const SERVICES_EACH: usize = 2;
/// Of ten requests without an answer, how many are asked for again under the same key.
const ASKED_AGAIN: u32 = 8;

/// A worker, with the ledger of what they did.
pub(crate) struct Worker {
    name: String,
    chance: StdRng,
    pub(crate) services: Vec<Service>,
    /// What had no answer, and of which service.
    unanswered: Option<(String, Deed, Ask)>,
    made: u32,
    /// How many answers were had, and how many requests stayed without.
    pub(crate) answered: u32,
    pub(crate) lost: u32,
    pub(crate) again: u32,
}

impl Worker {
    pub(crate) fn new(name: String, chance: StdRng) -> Self {
        Self {
            name,
            chance,
            services: Vec::new(),
            unanswered: None,
            made: 0,
            answered: 0,
            lost: 0,
            again: 0,
        }
    }

    /// Works until told otherwise.
    pub(crate) fn work(&mut self, line: &Line) {
        while line.goes_on() {
            match self.unanswered.take() {
                Some((slug, deed, ask)) => self.ask_again(line, &slug, deed, ask),
                None => self.step(line),
            }
        }
    }

    /// Asks for what had no answer until it has one, so that it is certain what holds.
    pub(crate) fn settle(&mut self, line: &Line) {
        while let Some((slug, deed, ask)) = self.unanswered.take() {
            self.ask_again(line, &slug, deed, ask);
        }
    }

    fn step(&mut self, line: &Line) {
        let here = self
            .services
            .iter()
            .filter(|one| !one.is_there.must_be(&false));
        if here.count() < SERVICES_EACH {
            let slug = self.mark();
            let kinds = [Kind::AtOnce, Kind::Fetched, Kind::Built];
            let kind = kinds[self.chance.random_range(0..kinds.len())];
            self.services.push(Service::new(kind, &slug));
            return self.act(line, self.services.len() - 1, Deed::Create);
        }
        let place = self.chance.random_range(0..self.services.len());
        if self.services[place].is_there.may_be(&true)
            && let Some(deed) = self.deed(line, place)
        {
            self.act(line, place, deed);
        }
    }

    /// Something that can be done to a service; nothing where it turns out that it can't be.
    fn deed(&mut self, line: &Line, place: usize) -> Option<Deed> {
        let (kind, mark) = (self.services[place].kind, self.mark());
        let deeds = if kind == Kind::AtOnce { 8 } else { 19 };
        Some(match self.chance.random_range(0..deeds) {
            0 => Deed::Delete,
            1 | 2 => Deed::Scale(self.chance.random_range(0..=2)),
            3 | 4 => Deed::Tag(mark),
            5 | 6 => Deed::Rename(mark),
            7 => Deed::Restart,
            8 => Deed::Twins(mark),
            9 => Deed::Fleeting(mark),
            10 => Deed::Forget(self.find(line, place, "/config", |one| {
                (one["name"] == crate::deed::FLEETING).then(|| one["id"].clone())
            })?),
            11..=13 => Deed::Deploy(mark),
            14 => Deed::RollBack(mark),
            15 => Deed::CancelDeployment(self.find(line, place, "/deployments", |one| {
                (one["state"] == "running" || one["state"] == "pending").then(|| one["id"].clone())
            })?),
            16 => Deed::CancelImage(self.image_under_way(line, place)?),
            17 if kind == Kind::Built => Deed::Pipeline(mark.clone(), mark),
            _ => Deed::Build(mark),
        })
    }

    fn act(&mut self, line: &Line, place: usize, deed: Deed) {
        let key = self.mark();
        let ask = deed.ask(&self.services[place], key);
        let heard = line.ask(&ask);
        self.note(place, deed, ask, &heard);
    }

    fn ask_again(&mut self, line: &Line, slug: &str, deed: Deed, ask: Ask) {
        self.again += 1;
        let heard = line.ask(&ask);
        let place = self.services.iter().position(|one| one.slug == slug);
        self.note(place.unwrap(), deed, ask, &heard);
    }

    fn note(&mut self, place: usize, deed: Deed, ask: Ask, heard: &Heard) {
        let service = &mut self.services[place];
        deed.note(service, heard);
        match heard {
            Heard::Nothing => {
                self.lost += 1;
                if ask.key.is_some() && self.chance.random_range(0..10) < ASKED_AGAIN {
                    self.unanswered = Some((service.slug.clone(), deed, ask));
                }
            }
            Heard::Refused(code) => {
                self.answered += 1;
                let is_there = service.is_there.must_be(&true);
                assert!(
                    code != "not_found"
                        || !is_there
                        || matches!(deed, Deed::Forget(_) | Deed::RollBack(_)),
                    "{ask:?} is told that it is not there"
                );
                assert!(!matches!(deed, Deed::Create), "{ask:?}: {code}");
            }
            Heard::Done(_) | Heard::DoneBefore => self.answered += 1,
        }
    }

    /// The first of a list of a service's things that is wanted.
    fn find(
        &self,
        line: &Line,
        place: usize,
        list: &str,
        wanted: impl Fn(&Value) -> Option<Value>,
    ) -> Option<String> {
        let found = self.read(line, place, list)?;
        let found = found.as_array()?.iter().find_map(wanted)?;
        found.as_str().map(str::to_owned)
    }

    fn image_under_way(&self, line: &Line, place: usize) -> Option<u64> {
        let found = self.read(line, place, "/images")?;
        let mut images = found["items"].as_array()?.iter();
        let under_way = images.find(|one| one["state"] == "building" || one["state"] == "queued");
        under_way?["version"].as_u64()
    }

    fn read(&self, line: &Line, place: usize, rest: &str) -> Option<Value> {
        let ask = Ask {
            method: "GET",
            path: format!("{SERVICES}/{}{rest}", self.services[place].slug),
            body: Value::Null,
            key: None,
        };
        match line.ask(&ask) {
            Heard::Done(body) => Some(body),
            Heard::DoneBefore | Heard::Refused(_) | Heard::Nothing => None,
        }
    }

    /// A text that nobody else uses.
    fn mark(&mut self) -> String {
        self.made += 1;
        format!("{}-{}", self.name, self.made)
    }
}
