//! Which endpoints were answered with success, in which dialect.

use std::collections::BTreeSet;
use std::sync::Mutex;

use pilothouse_wire::endpoints;

static TOUCHED: Mutex<BTreeSet<String>> = Mutex::new(BTreeSet::new());

/// Notes an endpoint's success.
pub(crate) fn touch(method: &str, path: &str) {
    let path = path.split('?').next().unwrap_or_default();
    for endpoint in endpoints::ALL {
        for (_, template) in endpoint.templates() {
            if endpoint.method.name() == method && matches(&template, path) {
                let mut touched = TOUCHED.lock().unwrap();
                touched.insert(format!("{method} {template}"));
            }
        }
    }
}

/// Every endpoint that had no success.
pub(crate) fn missed() -> Vec<String> {
    let touched = TOUCHED.lock().unwrap();
    let every = endpoints::ALL.iter().flat_map(|endpoint| {
        let method = endpoint.method.name();
        let templates = endpoint.templates().into_iter();
        templates.map(move |(_, template)| format!("{method} {template}"))
    });
    every.filter(|name| !touched.contains(name)).collect()
}

fn matches(template: &str, path: &str) -> bool {
    let template = template.trim_end_matches('/').split('/');
    let mut parts = path.trim_end_matches('/').split('/');
    let fits = template.into_iter().all(|wanted| {
        let part = parts.next();
        wanted.starts_with('{') && part.is_some() || part == Some(wanted)
    });
    fits && parts.next().is_none()
}
