//! What the containers of a node use, as its kernel counts it, told to the platform every few seconds.
//!
//! An edge reads control groups, of which it sees those of the whole node, and nothing of the engine: it
//! could do nothing else on the node.

use std::collections::HashMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use bytes::Bytes;
use chrono::Utc;
use http::Method;
use http_body_util::BodyExt;
use rustix::fs::statvfs;
use tokio::time::{MissedTickBehavior, interval, timeout};

use super::link::Link;
use super::protocol::{ContainerUsage, NodeUsage, USAGE};

/// How often it is read.
const EVERY: Duration = Duration::from_secs(5);
/// How long the platform may take to hear of it.
const TELL_WITHIN: Duration = Duration::from_secs(4);
/// How deep below the root a container's group may be.
const DEPTH: usize = 6;
/// The length of a container's id.
const ID: usize = 64;

/// Tells what is used for ever. What is not heard is not told again: the next says more.
pub(super) async fn tell(link: Link, node: String, groups: PathBuf) {
    let mut ticks = interval(EVERY);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        let folder = groups.clone();
        let look = move || (disk(), read(&folder));
        let looked = tokio::task::spawn_blocking(look).await;
        let (disk, containers) = looked.unwrap_or_default();
        let usage = NodeUsage {
            node: node.clone(),
            at: Utc::now(),
            disk,
            containers,
        };
        if let Err(error) = tell_once(&link, &usage).await {
            tracing::debug!(%error, "the platform does not hear what is used");
        }
    }
}

/// The size and the free room of the disk on which the edge's own container is, like every other of the
/// node.
fn disk() -> Option<(u64, u64)> {
    let disk = statvfs("/").ok()?;
    let bytes = |blocks: u64| blocks.saturating_mul(disk.f_frsize);
    Some((bytes(disk.f_blocks), bytes(disk.f_bavail)))
}

async fn tell_once(link: &Link, usage: &NodeUsage) -> io::Result<()> {
    let body = Bytes::from(serde_json::to_vec(usage)?);
    let told = async {
        let answer = link.ask(Method::POST, USAGE, body).await?;
        // It says nothing; read, the connection serves again.
        answer.into_body().collect().await.map_err(io::Error::other)
    };
    let told = timeout(TELL_WITHIN, told).await;
    told.map_err(|_| io::Error::from(io::ErrorKind::TimedOut))??;
    Ok(())
}

/// What every container uses, by control groups of version 2 or of version 1.
fn read(groups: &Path) -> Vec<ContainerUsage> {
    let is_unified = groups.join("cgroup.controllers").exists();
    let (cpu, memory) = match is_unified {
        true => (groups.to_owned(), groups.to_owned()),
        false => (
            first(groups, &["cpuacct", "cpu,cpuacct"]),
            groups.join("memory"),
        ),
    };
    let memory = containers(&memory);
    let mut read: Vec<ContainerUsage> = containers(&cpu)
        .into_iter()
        .filter_map(|(container, group)| {
            let memory = memory.get(&container)?;
            Some(ContainerUsage {
                cpu_nanos: cpu_nanos(&group)?,
                memory: memory_bytes(memory)?,
                container,
            })
        })
        .collect();
    read.sort_by(|a, b| a.container.cmp(&b.container));
    read
}

fn first(groups: &Path, names: &[&str]) -> PathBuf {
    let mut folders = names.iter().map(|name| groups.join(name));
    let found = folders.find(|folder| folder.is_dir());
    found.unwrap_or_else(|| groups.to_owned())
}

/// The groups of containers below a folder, by the containers' ids.
fn containers(root: &Path) -> HashMap<String, PathBuf> {
    let mut found = HashMap::new();
    let mut open = vec![(root.to_owned(), 0)];
    while let Some((folder, depth)) = open.pop() {
        let Ok(entries) = fs::read_dir(&folder) else {
            continue;
        };
        for entry in entries.flatten() {
            if !entry.file_type().is_ok_and(|kind| kind.is_dir()) {
                continue;
            }
            let name = entry.file_name();
            match container(&name.to_string_lossy()) {
                Some(id) => {
                    found.insert(id.to_owned(), entry.path());
                }
                None if depth < DEPTH => open.push((entry.path(), depth + 1)),
                None => {}
            }
        }
    }
    found
}

/// The container's id in the name of its group: `docker-ID.scope` with systemd, else `ID`.
fn container(name: &str) -> Option<&str> {
    let name = name.strip_suffix(".scope").unwrap_or(name);
    let id = name.rsplit('-').next()?;
    (id.len() == ID && id.bytes().all(|byte| byte.is_ascii_hexdigit())).then_some(id)
}

fn cpu_nanos(group: &Path) -> Option<u64> {
    if let Ok(text) = fs::read_to_string(group.join("cpuacct.usage")) {
        return text.trim().parse().ok();
    }
    let stat = fs::read_to_string(group.join("cpu.stat")).ok()?;
    Some(field(&stat, "usage_usec")? * 1_000)
}

/// Without the pages of files that the system may take back.
fn memory_bytes(group: &Path) -> Option<u64> {
    let stat = fs::read_to_string(group.join("memory.stat")).ok()?;
    let held = ["memory.usage_in_bytes", "memory.current"]
        .iter()
        .find_map(|name| {
            let text = fs::read_to_string(group.join(name)).ok()?;
            text.trim().parse::<u64>().ok()
        })?;
    let cache = field(&stat, "total_inactive_file").or_else(|| field(&stat, "inactive_file"));
    Some(held.saturating_sub(cache.unwrap_or_default()))
}

fn field(text: &str, name: &str) -> Option<u64> {
    text.lines().find_map(|line| {
        let value = line.strip_prefix(name)?.strip_prefix(' ')?;
        value.trim().parse().ok()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const ONE: &str = "1111111111111111111111111111111111111111111111111111111111111111";

    fn write(root: &Path, file: &str, text: &str) {
        let file = root.join(file);
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        fs::write(file, text).unwrap();
    }

    fn used() -> Vec<ContainerUsage> {
        vec![ContainerUsage {
            container: ONE.to_owned(),
            cpu_nanos: 7_000,
            memory: 60,
        }]
    }

    #[test]
    fn the_first_version_of_groups_is_read() {
        let root = tempfile::tempdir().unwrap();
        let at = |file: &str, text| write(root.path(), file, text);
        at(&format!("cpuacct/docker/{ONE}/cpuacct.usage"), "7000\n");
        at(
            &format!("memory/docker/{ONE}/memory.usage_in_bytes"),
            "100\n",
        );
        at(
            &format!("memory/docker/{ONE}/memory.stat"),
            "cache 50\ninactive_file 1\ntotal_inactive_file 40\n",
        );
        at("memory/user.slice/memory.stat", "");
        assert_eq!(read(root.path()), used());
    }

    #[test]
    fn the_second_version_of_groups_is_read() {
        let root = tempfile::tempdir().unwrap();
        let at = |file: &str, text| write(root.path(), file, text);
        at("cgroup.controllers", "cpu memory\n");
        let group = format!("system.slice/docker-{ONE}.scope");
        at(&format!("{group}/cpu.stat"), "usage_usec 7\nuser_usec 3\n");
        at(&format!("{group}/memory.current"), "100\n");
        at(
            &format!("{group}/memory.stat"),
            "anon 60\ninactive_file 40\n",
        );
        assert_eq!(read(root.path()), used());
    }

    #[test]
    fn what_is_no_container_is_left_out() {
        assert_eq!(container(ONE), Some(ONE));
        for name in [
            "docker",
            "session-1.scope",
            &ONE[1..],
            "libpod-conmon.scope",
        ] {
            assert_eq!(container(name), None, "{name}");
        }
        assert!(read(Path::new("/nowhere")).is_empty());
    }
}
