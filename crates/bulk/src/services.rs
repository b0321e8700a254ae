//! Services by the thousand: read, and which of them a filter shows in which order. Ten thousand rows in a few milliseconds:
//! everything that is searched is lower-cased once.

use std::cmp::Ordering;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;

use memchr::memmem::Finder;
use wire::envelope::{Dialect, decode_reply};
use wire::open::Words;
use wire::service::Service;
use wire::status::ServiceState;

/// A service with what a filter looks at.
#[derive(Clone, Debug, PartialEq)]
pub struct Row {
    /// The service.
    pub service: Arc<Service>,
    /// Tells its row in a table from others, for as long as the service exists.
    pub key: u64,
    /// Name, slug, image or repository, domains and tags, in lower case, parted by line ends.
    haystack: String,
    image: String,
    tags: Vec<String>,
    state: String,
}

/// Reads the body of a list of services, each to where it stays: ten thousand of them are large. It
/// is read here, where what is made of [`decode_reply`] is compiled for speed.
///
/// # Errors
/// It is something else.
pub fn read(dialect: Dialect, body: &[u8]) -> Result<Vec<Arc<Service>>, serde_json::Error> {
    decode_reply(dialect, body)
}

impl Row {
    /// Prepares a service.
    pub fn new(service: Arc<Service>) -> Self {
        let image = source(&service).unwrap_or_default().to_lowercase();
        let mut haystack = format!("{}\n{}\n{image}", service.name, service.slug).to_lowercase();
        for text in service.domains.iter().chain(&service.tags) {
            haystack.push('\n');
            haystack.push_str(&text.to_lowercase());
        }
        Self {
            haystack,
            image,
            tags: service.tags.iter().map(|tag| tag.to_lowercase()).collect(),
            state: state_word(&service).to_owned(),
            key: key_of(&service.id),
            service,
        }
    }
}

/// 64 bits of an id: two of ten thousand services meet once in 10¹¹ lists.
pub fn key_of(id: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    id.hash(&mut hasher);
    hasher.finish()
}

/// What a service's instances are made from: its image, or else its repository.
pub fn source(service: &Service) -> Option<&str> {
    service
        .image
        .as_deref()
        .or(service.github_repository.as_deref())
}

/// The state as a word of the API; empty where the platform tells none.
pub fn state_word(service: &Service) -> &str {
    let status = service.status.as_ref();
    status.map_or("", |status| status.state.word())
}

/// What a person typed into the filter: every term must fit.
#[derive(Clone, Debug, Default)]
pub struct Filter(Vec<Term>);

#[derive(Clone, Debug)]
enum Term {
    Text(Finder<'static>),
    Tag(String),
    State(String),
    Image(Finder<'static>),
}

impl Filter {
    /// Reads `text`, `tag:x`, `state:down`, `image:redis`, parted by spaces.
    pub fn read(text: &str) -> Self {
        let lower = text.to_lowercase();
        Self(lower.split_whitespace().filter_map(Term::read).collect())
    }

    /// Whether it shows everything.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether it shows this row.
    pub fn shows(&self, row: &Row) -> bool {
        self.0.iter().all(|term| term.fits(row))
    }
}

impl Term {
    fn read(word: &str) -> Option<Self> {
        let finder = |text: &str| Finder::new(text).into_owned();
        // A key that waits for its value shows everything.
        match word.split_once(':') {
            Some(("tag" | "state" | "image", "")) => None,
            Some(("tag", tag)) => Some(Self::Tag(tag.to_owned())),
            Some(("state", state)) => Some(Self::State(state.to_owned())),
            Some(("image", image)) => Some(Self::Image(finder(image))),
            _ => Some(Self::Text(finder(word))),
        }
    }

    fn fits(&self, row: &Row) -> bool {
        match self {
            Self::Text(text) => text.find(row.haystack.as_bytes()).is_some(),
            Self::Tag(tag) => row.tags.iter().any(|known| known.starts_with(tag.as_str())),
            Self::State(state) => row.state.starts_with(state.as_str()),
            Self::Image(image) => image.find(row.image.as_bytes()).is_some(),
        }
    }
}

/// The column that rows are ordered by.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Column {
    /// By name.
    #[default]
    Name,
    /// What needs attention first.
    State,
    /// By image or repository.
    Image,
    /// By release number.
    Release,
    /// By the last change of the description.
    Updated,
}

/// An order of rows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sort {
    /// By which column.
    pub column: Column,
    /// Whether largest first.
    pub descending: bool,
}

impl Sort {
    const WORDS: [(Column, &'static str); 5] = [
        (Column::Name, "name"),
        (Column::State, "state"),
        (Column::Image, "image"),
        (Column::Release, "release"),
        (Column::Updated, "updated"),
    ];

    /// Reads `state` or `-state`; anything else is by name.
    pub fn read(text: &str) -> Self {
        let (descending, word) = match text.strip_prefix('-') {
            Some(word) => (true, word),
            None => (false, text),
        };
        Self::WORDS
            .iter()
            .find(|(_, known)| *known == word)
            .map_or_else(Self::default, |(column, _)| Self {
                column: *column,
                descending,
            })
    }

    /// How it is written in an address; empty for the default.
    pub fn write(self) -> String {
        let words = Self::WORDS
            .iter()
            .find(|(column, _)| *column == self.column);
        match (self == Self::default(), words) {
            (false, Some((_, word))) => format!("{}{word}", if self.descending { "-" } else { "" }),
            _ => String::new(),
        }
    }

    /// The order after a click on a column's head.
    pub fn toggled(self, column: Column) -> Self {
        Self {
            column,
            descending: self.column == column && !self.descending,
        }
    }

    fn compare(self, a: &Row, b: &Row) -> Ordering {
        let (x, y) = (&a.service, &b.service);
        let release = |service: &Service| service.latest_release.as_ref().map(|r| r.version);
        let order = match self.column {
            Column::Name => Ordering::Equal,
            Column::State => urgency(x).cmp(&urgency(y)),
            Column::Image => a.image.cmp(&b.image),
            Column::Release => release(x).cmp(&release(y)),
            Column::Updated => x.updated.cmp(&y.updated),
        };
        let by_name = || x.name.cmp(&y.name).then_with(|| x.id.cmp(&y.id));
        let order = order.then_with(by_name);
        if self.descending {
            order.reverse()
        } else {
            order
        }
    }
}

/// The place of a state in the order of what needs attention first.
fn urgency(service: &Service) -> usize {
    let word = state_word(service);
    let place = ServiceState::ALL
        .iter()
        .position(|state| state.word() == word);
    place.unwrap_or(ServiceState::ALL.len())
}

/// The places of all rows, in order.
pub fn sorted(rows: &[Row], sort: Sort) -> Vec<u32> {
    let mut sorted: Vec<(&Row, u32)> = rows.iter().zip(0u32..).collect();
    sorted.sort_unstable_by(|(a, _), (b, _)| sort.compare(a, b));
    sorted.into_iter().map(|(_, place)| place).collect()
}

/// The places of the rows that a filter shows, in the order of the sorted ones.
pub fn shown(rows: &[Row], sorted: &[u32], filter: &Filter) -> Vec<u32> {
    if filter.is_empty() {
        return sorted.to_vec();
    }
    let shows = |place: &u32| {
        let row = rows.get(*place as usize);
        row.is_some_and(|row| filter.shows(row))
    };
    sorted.iter().copied().filter(shows).collect()
}

/// How many services are in each state, most urgent first, without those that nothing is in.
pub fn counts<'a>(services: impl Iterator<Item = &'a Service>) -> Vec<(ServiceState, usize)> {
    let mut counts = vec![0; ServiceState::ALL.len()];
    for service in services {
        if let Some(count) = counts.get_mut(urgency(service)) {
            *count += 1;
        }
    }
    let all = ServiceState::ALL.iter().copied().zip(counts);
    all.filter(|(_, count)| *count > 0).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::{any, prop_assert, prop_assert_eq, proptest};
    use wire::open::Open;
    use wire::status::StatusSummary;

    fn row(name: &str, state: ServiceState, image: &str, tags: &[&str]) -> Row {
        Row::new(Arc::new(Service {
            id: name.to_owned(),
            name: name.to_owned(),
            image: Some(image.to_owned()),
            tags: tags.iter().map(|tag| (*tag).to_owned()).collect(),
            status: Some(StatusSummary {
                state: Open::Known(state),
                desired: 1,
                ready: 1,
                since: None,
                message: None,
            }),
            ..Service::default()
        }))
    }

    /// What a filter shows, in an order.
    fn arrange(rows: &[Row], filter: &str, sort: &str) -> Vec<u32> {
        shown(rows, &sorted(rows, Sort::read(sort)), &Filter::read(filter))
    }

    fn shop() -> Vec<Row> {
        vec![
            row("web", ServiceState::Running, "acme/Web:1", &["edge"]),
            row("API", ServiceState::Down, "acme/api:2", &["edge", "core"]),
            row("cache", ServiceState::Running, "redis:7.4", &[]),
        ]
    }

    fn names(filter: &str, sort: &str) -> Vec<String> {
        let rows = shop();
        arrange(&rows, filter, sort)
            .into_iter()
            .map(|place| rows[place as usize].service.name.clone())
            .collect()
    }

    #[test]
    fn every_term_must_fit() {
        assert_eq!(names("tag:edge", ""), ["API", "web"]);
        assert_eq!(names("tag:edge state:down", ""), ["API"]);
        assert_eq!(names("IMAGE:redis", ""), ["cache"]);
        assert_eq!(names("acme api", ""), ["API"]);
        assert_eq!(names("state:", ""), ["API", "cache", "web"]);
        assert!(names("nothing", "").is_empty());
    }

    #[test]
    fn what_needs_attention_comes_first() {
        assert_eq!(names("", "state"), ["API", "cache", "web"]);
        assert_eq!(names("", "-name"), ["web", "cache", "API"]);
    }

    #[test]
    fn an_order_is_written_as_it_is_read() {
        for text in ["", "-name", "state", "-updated", "release"] {
            assert_eq!(Sort::read(text).write(), text);
        }
        assert_eq!(Sort::read("nonsense"), Sort::default());
    }

    #[test]
    fn states_are_counted_by_urgency() {
        let rows = shop();
        let counts = counts(rows.iter().map(|row| &*row.service));
        assert_eq!(
            counts,
            [(ServiceState::Down, 1), (ServiceState::Running, 2)]
        );
    }

    proptest! {
        #[test]
        fn a_longer_filter_shows_no_more(text in any::<String>(), more in any::<String>()) {
            let rows = shop();
            let some = arrange(&rows, &text, "");
            let fewer = arrange(&rows, &format!("{text} {more}"), "");
            prop_assert!(fewer.iter().all(|place| some.contains(place)));
        }

        #[test]
        fn an_order_loses_nothing(sort in any::<String>()) {
            let rows = shop();
            let mut places = arrange(&rows, "", &sort);
            places.sort_unstable();
            prop_assert_eq!(places, [0, 1, 2]);
        }
    }
}
