//! Keys of the whole platform: how they are told and revoked.

use serde_json::Value;

use super::{Serving, fails, run};

#[test]
fn a_key_of_the_whole_platform_is_listed_and_revoked_at_once() {
    let serving = Serving::start(&[]);
    let (folder, key) = (serving.folder.path(), serving.key());
    let list = || {
        let listed = run(&["key", "list"], folder);
        assert!(listed.status.success(), "{listed:?}");
        String::from_utf8(listed.stdout).unwrap()
    };
    assert!(list().contains("\tcli\tadmin\t"), "{}", list());
    for _ in 0..2 {
        assert_eq!(serving.status(&key, "/orgs/"), 200);
    }
    assert!(!list().contains("never"), "its use is noted: {}", list());
    let other = serving.key();
    assert!(fails(&run(&["key", "revoke", "cli"], folder)).contains("by its id"));
    assert!(fails(&run(&["key", "revoke", "none"], folder)).contains("key list"));
    let listed = list();
    let used = listed
        .lines()
        .find(|line| !line.ends_with("never"))
        .unwrap();
    let id = used.split('\t').next().unwrap();
    assert!(run(&["key", "revoke", id], folder).status.success());
    assert_eq!(serving.status(&key, "/orgs/"), 401);
    assert_eq!(serving.status(&other, "/orgs/"), 200);
    assert!(run(&["key", "revoke", "cli"], folder).status.success());
    assert_eq!(serving.status(&other, "/orgs/"), 401);
    assert_eq!(list(), "");
    // What the command line did is written down as its own.
    let reader = serving.key();
    let (_, told) = serving.api(&reader, "GET", "/audit", &Value::Null);
    let told = told.to_string();
    for (action, times) in [("key.create", 3), ("key.revoke", 2)] {
        assert_eq!(
            told.matches(&format!("\"{action}\"")).count(),
            times,
            "{told}"
        );
    }
    assert!(told.contains("\"by_kind\":\"machine\"") && !told.contains(&reader));
}
