//! The rules that keep the console's folders apart, held by reading its sources.

#![expect(
    clippy::unwrap_used,
    reason = "a source that can't be read fails the test, as it should"
)]

use std::fs;
use std::path::{Path, PathBuf};

/// A source file below `src`, without its tests.
struct Source {
    /// `pages/services.rs`
    path: String,
    /// Everything, tests included.
    whole: String,
    /// What is compiled into the page: no comments, no tests.
    code: String,
}

fn sources() -> Vec<Source> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut found = Vec::new();
    collect(&root, &mut found);
    found.sort();
    found
        .iter()
        .map(|file| {
            let whole = fs::read_to_string(file).unwrap();
            let path = file.strip_prefix(&root).unwrap().to_string_lossy();
            Source {
                path: path.replace('\\', "/"),
                code: code_of(&whole),
                whole,
            }
        })
        .collect()
}

fn collect(folder: &Path, into: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            collect(&path, into);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            into.push(path);
        }
    }
}

fn code_of(whole: &str) -> String {
    let compiled = whole.split("#[cfg(test)]").next().unwrap_or_default();
    let lines = compiled.lines();
    lines
        .filter(|line| !line.trim_start().starts_with("//"))
        .map(|line| format!("{line}\n"))
        .collect()
}

/// The top folder or file that a source belongs to: `pages` for `pages/org.rs` and `pages.rs`.
fn part(path: &str) -> &str {
    let first = path.split('/').next().unwrap_or_default();
    first.strip_suffix(".rs").unwrap_or(first)
}

/// Everything that breaks a rule, as `file: what`.
fn breaches(rule: impl Fn(&Source) -> Vec<String>) -> Vec<String> {
    sources()
        .iter()
        .flat_map(|source| {
            let found = rule(source);
            found
                .into_iter()
                .map(|what| format!("{}: {what}", source.path))
        })
        .collect()
}

fn none(found: &[String]) {
    assert!(found.is_empty(), "\n{}", found.join("\n"));
}

/// What each part may use of the console; `wire` is open to all.
const MAY_USE: &[(&str, &[&str])] = &[
    ("api", &["api"]),
    ("components", &["components"]),
    ("state", &["state", "api", "components", "routes"]),
    ("words", &[]),
    ("logbook", &["logbook", "components", "state", "words"]),
    ("chart", &["chart", "components", "state"]),
    (
        "forms",
        &["forms", "components", "state", "api", "routes", "words"],
    ),
    ("reactive", &[]),
    ("routes", &["routes", "pages", "components", "state"]),
    (
        "pages",
        &[
            "pages",
            "forms",
            "logbook",
            "chart",
            "components",
            "state",
            "api",
            "routes",
            "words",
        ],
    ),
    (
        "app",
        &["app", "pages", "components", "state", "api", "routes"],
    ),
    ("main", &["console"]),
    ("lib", &[]),
];

#[test]
fn data_flows_one_way() {
    none(&breaches(|source| {
        let part = part(&source.path);
        let allowed = MAY_USE.iter().find(|(name, _)| *name == part);
        let Some((_, allowed)) = allowed else {
            return vec![format!("the part '{part}' is not listed in this test")];
        };
        let uses = source.code.split("crate::").skip(1);
        uses.filter_map(|rest| {
            let used: String = rest
                .chars()
                .take_while(|c| c.is_alphanumeric() || *c == '_')
                .collect();
            (used != "reactive" && !allowed.contains(&used.as_str()))
                .then(|| format!("uses crate::{used}"))
        })
        .collect()
    }));
}

#[test]
fn only_one_file_knows_the_network() {
    none(&breaches(|source| {
        let owns = source.path == "api/client.rs";
        let words = [
            "gloo_net",
            "fetch_with",
            "XmlHttpRequest",
            "WebSocket",
            "EventSource",
        ];
        let found = words
            .iter()
            .filter(|word| !owns && source.code.contains(*word));
        found.map(|word| format!("uses {word}")).collect()
    }));
}

#[test]
fn only_one_file_has_timers() {
    none(&breaches(|source| {
        let owns = source.path == "state/poll.rs";
        let words = ["set_timeout", "set_interval", "TimeoutFuture", "debounce("];
        let found = words
            .iter()
            .filter(|word| !owns && source.code.contains(*word));
        found.map(|word| format!("uses {word}")).collect()
    }));
}

#[test]
fn addresses_are_written_in_one_place() {
    none(&breaches(|source| {
        if part(&source.path) == "routes" {
            return Vec::new();
        }
        let literals = source.code.split('"').skip(1).step_by(2);
        literals
            .filter(|text| {
                let parts = [
                    "/o/",
                    "/w/",
                    "/p/",
                    "/e/",
                    "/s/",
                    "/connect",
                    "/api/",
                    "/services",
                ];
                parts.iter().any(|part| text.starts_with(part)) && !text.contains(' ')
            })
            .map(|text| format!("the address \"{text}\""))
            .collect()
    }));
}

#[test]
fn nothing_writes_markup_as_text() {
    none(&breaches(|source| {
        let words = [
            "inner_html",
            "set_outer_html",
            "insert_adjacent_html",
            "document().write",
        ];
        let found = words.iter().filter(|word| source.code.contains(*word));
        found.map(|word| format!("uses {word}")).collect()
    }));
}

#[test]
fn a_component_never_fetches() {
    none(&breaches(|source| {
        let is_component = part(&source.path) == "components";
        let words = [
            "use_connection",
            "send::<",
            "call::<",
            "Remote",
            "wire::endpoints",
        ];
        let found = words
            .iter()
            .filter(|word| is_component && source.code.contains(*word));
        found.map(|word| format!("uses {word}")).collect()
    }));
}

#[test]
fn every_file_is_short_and_says_what_belongs_there() {
    const MOST: usize = 500;
    none(&breaches(|source| {
        let lines = source.whole.lines().count();
        let mut found = Vec::new();
        if lines > MOST {
            found.push(format!(
                "{lines} lines: a file of more than {MOST} holds two ideas"
            ));
        }
        if !source.whole.starts_with("//!") {
            found.push("begins without saying what belongs there".to_owned());
        }
        if source.path.ends_with("/mod.rs") {
            found.push("is named mod.rs".to_owned());
        }
        found
    }));
}

/// Endpoints that the console does not call, and why.
const UNUSED: &[(&str, &str)] = &[
    ("org.get", "a list of all orgs is at hand"),
    ("org.update", "orgs are not renamed here yet"),
    ("org.delete", "orgs are not deleted here yet"),
    ("project.get", "a list of the org's projects is at hand"),
    ("project.update", "projects are not renamed here yet"),
    ("project.delete", "projects are not deleted here yet"),
    (
        "environment.delete",
        "environments are not deleted here yet",
    ),
    ("audit.list", "the audit is looked at by org"),
    ("workspace.create", "the same as org.create"),
    ("workspace.project.create", "the same as project.create"),
    ("service.put", "the same as service.update"),
    (
        "pipeline.status",
        "a service tells its newest image, release and deployment",
    ),
    ("pipeline.deploy", "a build and a deploy are two steps here"),
    (
        "pipeline.rollback",
        "a release is chosen, and looked at before",
    ),
    ("config.delete", "config.bulk removes several at once"),
];

/// The sources in which the endpoints are declared.
fn declared_endpoints() -> String {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("crates/wire/src/endpoints");
    let files = fs::read_dir(folder).unwrap();
    files
        .map(|file| fs::read_to_string(file.unwrap().path()).unwrap())
        .collect()
}

#[test]
fn every_endpoint_is_called_or_listed() {
    let all: String = sources()
        .iter()
        .map(|source| source.code.as_str())
        .collect();
    let declared = declared_endpoints();
    for endpoint in pilothouse_wire::endpoints::ALL {
        let name = endpoint.name;
        let quoted = format!(" = \"{name}\";");
        let (before, _) = declared.split_once(&quoted).unwrap();
        let kind = before.rsplit("pub struct ").next().unwrap();
        let ways = [
            format!("send::<{kind}>"),
            format!("call::<{kind}>"),
            format!(", {kind}>(about"),
        ];
        let is_called = match kind.strip_prefix("Get") {
            Some(thing) if all.contains(&format!("use_revision::<{kind}, Update{thing}>")) => true,
            _ => ways.iter().any(|way| all.contains(way)),
        };
        let is_listed = UNUSED.iter().any(|(unused, _)| *unused == name);
        assert!(
            is_called != is_listed,
            "{name} ({kind}): called {is_called}, listed {is_listed}"
        );
    }
}
