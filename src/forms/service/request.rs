//! From what was typed to what is sent: pure, with every fault under its field.

use std::collections::BTreeMap;
use std::str::FromStr;

use wire::envelope::Dialect;
use wire::error::FieldErrors;
use wire::open::Words;
use wire::patch::Patch;
use wire::quantity::InstanceCount;
use wire::service::{Platform, ProcessCounts, ServiceCreate, ServicePatch, VolumeSpec};
use wire::text::{Domain, Name, ProcessName, Tag, VariableName, VariableValue};

use super::draft::{ServiceDraft, Source};
use super::field::Field;
use super::rules::Rules;

impl ServiceDraft {
    /// The request that creates what was typed.
    ///
    /// # Errors
    /// Every fault, by field path.
    pub fn create(&self, rules: &Rules) -> Result<ServiceCreate, FieldErrors> {
        let (request, mut errors) = Reader::read(self, rules.dialect);
        rules.forgive(self, &mut errors);
        let mut request = request.filter(|_| errors.is_empty()).ok_or(errors)?;
        rules.narrow(&mut request);
        Ok(request)
    }

    /// The request that leads from what is saved to what was typed: only what differs.
    ///
    /// # Errors
    /// Every fault, by field path.
    pub fn patch(&self, saved: &Self, rules: &Rules) -> Result<ServicePatch, FieldErrors> {
        let after = self.create(rules)?;
        let dialect = rules.dialect;
        let (before, now) = (saved.effective(), self.effective());
        let differs = |field: Field| field.read(&before) != field.read(&now);
        let counts = before.processes != now.processes || differs(Field::Instances);
        let by_process = counts_by_process(&now, dialect) || !before.processes.is_empty();
        Ok(ServicePatch {
            name: differs(Field::Name).then_some(after.name),
            image: patch(differs(Field::Image), after.image),
            port: patch(differs(Field::Port), after.port),
            domains: list(before.domains != now.domains, after.domains),
            instances: after.instances.filter(|_| counts && !by_process),
            tags: list(differs(Field::Tags), after.tags),
            env: patch(before.variables != now.variables, Some(after.env)),
            volumes: list(before.volumes != now.volumes, after.volumes),
            platform: after.platform.filter(|_| differs(Field::Platform)),
            github_repository: patch(differs(Field::Repository), after.github_repository),
            health_check_path: patch(differs(Field::HealthPath), after.health_check_path),
            auto_deploy_branch: patch(differs(Field::Branch), after.auto_deploy_branch),
            deployment_timeout: patch(differs(Field::Timeout), after.deployment_timeout),
            process_counts: (counts && by_process).then(|| now.all_counts()),
            subdirectory: patch(differs(Field::Subdirectory), after.subdirectory),
            health_check_host: patch(differs(Field::HealthHost), after.health_check_host),
        })
    }

    /// What counts of what was typed: the chosen source, and no rows that were left empty.
    pub fn effective(&self) -> Self {
        let mut draft = self.clone();
        match draft.source {
            Source::Image => {
                draft.repository.clear();
                draft.branch.clear();
                draft.subdirectory.clear();
            }
            Source::Repository => draft.image.clear(),
        }
        draft.domains.retain(|domain| !domain.trim().is_empty());
        draft
            .variables
            .retain(|row| !(row.name.trim().is_empty() && row.value.is_empty()));
        draft
    }

    /// The counts of every process, `web` included, of a draft without faults.
    fn all_counts(&self) -> ProcessCounts {
        let typed = self
            .processes
            .iter()
            .filter_map(|row| Some((row.name.parse().ok()?, row.count.parse().ok()?)));
        let web = self.instances.parse().ok();
        web.map(|count| (ProcessName::web(), count))
            .into_iter()
            .chain(typed)
            .collect()
    }
}

/// W counts the instances of its one process, E counts by process.
fn counts_by_process(draft: &ServiceDraft, dialect: Dialect) -> bool {
    dialect == Dialect::Environment || !draft.processes.is_empty()
}

fn patch<T>(differs: bool, value: Option<T>) -> Patch<T> {
    match (differs, value) {
        (false, _) => Patch::Keep,
        (true, None) => Patch::Clear,
        (true, Some(value)) => Patch::Set(value),
    }
}

fn list<T>(differs: bool, items: Vec<T>) -> Patch<Vec<T>> {
    patch(differs, Some(items))
}

struct Reader<'a> {
    draft: &'a ServiceDraft,
    errors: FieldErrors,
}

impl<'a> Reader<'a> {
    fn read(draft: &'a ServiceDraft, dialect: Dialect) -> (Option<ServiceCreate>, FieldErrors) {
        let mut reader = Reader {
            draft,
            errors: FieldErrors::default(),
        };
        let request = reader.request(dialect);
        (request, reader.errors)
    }

    fn request(&mut self, dialect: Dialect) -> Option<ServiceCreate> {
        let name = self.required::<Name>(Field::Name, "Give the service a name.");
        // Read even without a name, so that every fault is named at once.
        let placeholder = name.clone().or_else(|| Name::new("unnamed").ok())?;
        let mut request = ServiceCreate::named(placeholder);
        self.source(&mut request);
        request.port = self.optional(Field::Port);
        request.platform = self.platform();
        request.health_check_path = self.optional(Field::HealthPath);
        request.health_check_host = self.optional(Field::HealthHost);
        request.deployment_timeout = self.optional(Field::Timeout);
        self.counts(&mut request, dialect);
        request.domains = self.domains();
        request.volumes = self.volumes();
        request.env = self.variables();
        request.tags = self.tags();
        self.cross_check(&request);
        name.map(|_| request)
    }

    fn source(&mut self, request: &mut ServiceCreate) {
        match self.draft.source {
            Source::Image => {
                let words = "Give the image that its instances run.";
                request.image = self.required(Field::Image, words);
            }
            Source::Repository => {
                let words = "Give the repository that is built, like acme/api.";
                request.github_repository = self.required(Field::Repository, words);
                request.auto_deploy_branch = self.optional(Field::Branch);
                request.subdirectory = self.optional(Field::Subdirectory);
            }
        }
    }

    fn platform(&mut self) -> Option<Platform> {
        let platform = Platform::from_word(&self.draft.platform);
        if platform.is_none() {
            self.fault(Field::Platform, "Choose the platform that runs it.");
        }
        platform
    }

    fn counts(&mut self, request: &mut ServiceCreate, dialect: Dialect) {
        let words = "Say how many instances should run.";
        let web = self.required::<InstanceCount>(Field::Instances, words);
        if !counts_by_process(self.draft, dialect) {
            request.instances = web;
            return;
        }
        let mut counts: ProcessCounts = web
            .map(|count| (ProcessName::web(), count))
            .into_iter()
            .collect();
        for row in 0..self.draft.processes.len() {
            let words = "Give the process a name, like worker.";
            let name = self.required::<ProcessName>(Field::ProcessName(row), words);
            let count = self.required(Field::ProcessCount(row), "Say how many of it should run.");
            if let (Some(name), Some(count)) = (name, count)
                && counts.insert(name, count).is_some()
            {
                self.fault(Field::ProcessName(row), "This process is given twice.");
            }
        }
        request.process_counts = counts;
    }

    fn domains(&mut self) -> Vec<Domain> {
        (0..self.draft.domains.len())
            .filter_map(|row| self.optional(Field::Domain(row)))
            .collect()
    }

    fn volumes(&mut self) -> Vec<VolumeSpec> {
        let mut volumes = Vec::new();
        for row in 0..self.draft.volumes.len() {
            let name = self.required(Field::VolumeName(row), "Give the volume a name.");
            let words = "Say where it is mounted, like /data.";
            let mount_path = self.required(Field::VolumePath(row), words);
            let size_gb = self.required(Field::VolumeSize(row), "Say how large it is, in GB.");
            if let (Some(name), Some(mount_path), Some(size_gb)) = (name, mount_path, size_gb) {
                volumes.push(VolumeSpec {
                    name,
                    mount_path,
                    size_gb,
                });
            }
        }
        volumes
    }

    fn variables(&mut self) -> BTreeMap<VariableName, VariableValue> {
        let mut variables = BTreeMap::new();
        for (row, typed) in self.draft.variables.iter().enumerate() {
            if typed.name.trim().is_empty() && typed.value.is_empty() {
                continue;
            }
            let name = self.required(Field::VariableName(row), "Give the variable a name.");
            let value = VariableValue::new(&typed.value)
                .map_err(|words| self.fault(Field::VariableValue(row), words))
                .ok();
            if let (Some(name), Some(value)) = (name, value)
                && variables.insert(name, value).is_some()
            {
                self.fault(Field::VariableName(row), "This name is given twice.");
            }
        }
        variables
    }

    fn tags(&mut self) -> Vec<Tag> {
        self.draft
            .tag_words()
            .into_iter()
            .filter_map(|tag| self.note(Field::Tags, tag.parse()))
            .collect()
    }

    /// The checks of the request as a whole, unless rows are missing from it for a fault of their
    /// own: then the numbers of its rows are not those of the form.
    fn cross_check(&mut self, request: &ServiceCreate) {
        if self.errors.is_empty() {
            request.cross_check(&mut self.errors);
        }
    }

    fn required<T: FromStr<Err = String>>(&mut self, field: Field, words: &str) -> Option<T> {
        if field.read(self.draft).trim().is_empty() {
            self.fault(field, words);
            return None;
        }
        self.optional(field)
    }

    fn optional<T: FromStr<Err = String>>(&mut self, field: Field) -> Option<T> {
        let text = field.read(self.draft).trim();
        if text.is_empty() {
            return None;
        }
        self.note(field, text.parse())
    }

    fn note<T>(&mut self, field: Field, read: Result<T, String>) -> Option<T> {
        read.map_err(|words| self.fault(field, words)).ok()
    }

    fn fault(&mut self, field: Field, words: impl Into<String>) {
        self.errors.add(&field.path(), words);
    }
}

/// The faults of one field: those that the form noted, and those that the platform sent in the
/// paths of its own, where rows of maps are keyed by name and each tag is a row.
pub fn faults_of(field: Field, draft: &ServiceDraft, errors: &FieldErrors) -> Vec<String> {
    let mut words = errors.of(&field.path()).to_vec();
    let keyed = |map: &str, name: &str| format!("{map}.{name}");
    match field {
        Field::VariableValue(row) => {
            let name = draft.variables.get(row).map_or("", |row| row.name.trim());
            words.extend_from_slice(errors.of(&keyed("env", name)));
        }
        Field::ProcessCount(row) => {
            let name = draft.processes.get(row).map_or("", |row| row.name.trim());
            words.extend_from_slice(errors.of(&keyed("process_counts", name)));
        }
        Field::Instances => words.extend_from_slice(errors.of("process_counts.web")),
        Field::Domain(0) => words.extend_from_slice(errors.of("domains")),
        Field::Tags => {
            let rows = errors.iter().filter(|(path, _)| path.starts_with("tags."));
            words.extend(rows.flat_map(|(_, words)| words.to_vec()));
        }
        _ => {}
    }
    words
}

#[cfg(test)]
mod tests {
    use super::super::draft::{ProcessRow, VariableRow, VolumeRow};
    use super::*;
    use proptest::prelude::{any, prop_assert, proptest};
    use serde_json::json;
    use wire::service::Service;

    const W: Dialect = Dialect::Workspace;
    const E: Dialect = Dialect::Environment;

    fn orders(dialect: Dialect) -> ServiceDraft {
        ServiceDraft {
            name: "Orders".into(),
            image: "ghcr.io/acme/orders:2.4".into(),
            ..ServiceDraft::new(dialect)
        }
    }

    fn sent(draft: &ServiceDraft, dialect: Dialect) -> serde_json::Value {
        serde_json::to_value(draft.create(&Rules::of(dialect)).unwrap()).unwrap()
    }

    #[test]
    fn each_dialect_is_sent_its_own_fields() {
        assert_eq!(
            sent(&orders(W), W),
            json!({"name": "Orders", "image": "ghcr.io/acme/orders:2.4", "instances": 1,
                   "platform": "wind", "deployment_timeout": 180})
        );
        assert_eq!(
            sent(&orders(E), E),
            json!({"name": "Orders", "image": "ghcr.io/acme/orders:2.4", "platform": "wind",
                   "process_counts": {"web": 1}, "health_check_path": "/_health/",
                   "deployment_timeout": 180})
        );
    }

    #[test]
    fn every_fault_is_named_at_once() {
        let draft = ServiceDraft {
            port: "70000".into(),
            volumes: vec![VolumeRow {
                name: "data".into(),
                ..VolumeRow::default()
            }],
            variables: vec![VariableRow {
                name: "1A".into(),
                value: "x".into(),
            }],
            ..ServiceDraft::new(W)
        };
        let errors = draft.create(&Rules::of(W)).unwrap_err();
        let paths: Vec<&str> = errors.iter().map(|(path, _)| path).collect();
        assert_eq!(
            paths,
            [
                "env.0.name",
                "image",
                "name",
                "port",
                "volumes.0.mount_path",
                "volumes.0.size_gb"
            ]
        );
        assert_eq!(errors.of("port"), ["A port is between 1 and 65535."]);
    }

    #[test]
    fn what_is_given_twice_is_a_fault_of_the_second() {
        let draft = ServiceDraft {
            domains: vec!["a.dev".into(), "A.dev".into()],
            ..orders(W)
        };
        assert_eq!(
            draft.create(&Rules::of(W)).unwrap_err().of("domains.1"),
            ["This domain is given twice."]
        );
    }

    #[test]
    fn an_edit_sends_only_what_differs() {
        let service = Service {
            name: "Orders".into(),
            image: Some("a:1".into()),
            port: Some(80),
            env: BTreeMap::from([("A".to_owned(), "1".to_owned())]),
            instances: Some(2),
            ..Service::default()
        };
        let saved = ServiceDraft::of(&service);
        assert!(saved.patch(&saved, &Rules::of(W)).unwrap().is_empty());
        let typed = ServiceDraft {
            port: String::new(),
            instances: "3".into(),
            variables: Vec::new(),
            ..saved.clone()
        };
        let patch = typed.patch(&saved, &Rules::of(W)).unwrap();
        assert_eq!(
            serde_json::to_value(&patch).unwrap(),
            json!({"port": null, "instances": 3, "env": {}})
        );
        assert!(patch.replaces_instances());
        let scaled = ServiceDraft {
            instances: "3".into(),
            ..saved.clone()
        };
        assert!(
            scaled
                .patch(&saved, &Rules::of(W))
                .unwrap()
                .replaces_instances()
        );
        let tagged = ServiceDraft {
            tags: "edge".into(),
            ..saved.clone()
        };
        assert!(
            !tagged
                .patch(&saved, &Rules::of(W))
                .unwrap()
                .replaces_instances()
        );
        let patch = typed.patch(&saved, &Rules::of(E)).unwrap();
        assert_eq!(patch.process_counts.map(|counts| counts.len()), Some(1));
        assert_eq!(patch.instances, None);
    }

    #[test]
    fn another_source_clears_the_first() {
        let saved = orders(E);
        let typed = ServiceDraft {
            source: Source::Repository,
            repository: "acme/orders".into(),
            ..saved.clone()
        };
        let patch = typed.patch(&saved, &Rules::of(E)).unwrap();
        assert_eq!(patch.image, Patch::Clear);
        assert!(matches!(patch.github_repository, Patch::Set(_)));
    }

    #[test]
    fn the_platforms_faults_find_their_fields() {
        let draft = ServiceDraft {
            variables: vec![VariableRow {
                name: "KEY".into(),
                value: "x".into(),
            }],
            processes: vec![ProcessRow {
                name: "worker".into(),
                count: "1".into(),
            }],
            ..orders(E)
        };
        let mut errors = FieldErrors::default();
        for path in [
            "env.KEY",
            "process_counts.worker",
            "tags.3",
            "domains",
            "volumes.0.mount_path",
        ] {
            errors.add(path, path);
        }
        let of = |field| faults_of(field, &draft, &errors);
        assert_eq!(of(Field::VariableValue(0)), ["env.KEY"]);
        assert_eq!(of(Field::ProcessCount(0)), ["process_counts.worker"]);
        assert_eq!(of(Field::Tags), ["tags.3"]);
        assert_eq!(of(Field::Domain(0)), ["domains"]);
        assert_eq!(of(Field::VolumePath(0)), ["volumes.0.mount_path"]);
    }

    proptest! {
        #[test]
        fn no_text_panics_and_what_is_sent_is_what_the_platform_takes(
            name in any::<String>(), image in any::<String>(), port in any::<String>(),
            domain in any::<String>(), tags in any::<String>(), value in any::<String>(),
        ) {
            let draft = ServiceDraft {
                name, image, port, tags,
                domains: vec![domain],
                variables: vec![VariableRow { name: "A".into(), value }],
                ..ServiceDraft::new(W)
            };
            if let Ok(request) = draft.create(&Rules::of(W)) {
                let body = serde_json::to_value(&request).unwrap();
                let taken = wire::decode::decode_body::<ServiceCreate>(body, W);
                prop_assert!(taken.is_ok(), "{taken:?}");
            }
        }
    }
}
