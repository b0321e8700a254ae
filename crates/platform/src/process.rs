//! What this process itself uses and may use, as the kernel counts it.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// File descriptors with which nothing is held back: fewer are told at the start.
const ENOUGH_DESCRIPTORS: u64 = 10_000;

/// What the process uses.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct ProcessUse {
    /// Processor time since it started, in seconds.
    pub(crate) cpu_seconds: f64,
    /// Memory that is in the machine's, in bytes.
    pub(crate) resident: u64,
}

/// What this process uses; `None` where the kernel does not tell.
pub(crate) fn process_use() -> Option<ProcessUse> {
    read(&std::fs::read_to_string("/proc/self/stat").ok()?)
}

/// How many files and sockets this process may have open.
pub(crate) fn descriptors() -> u64 {
    getrlimit(Resource::Nofile).current.unwrap_or(u64::MAX)
}

/// Lets this process have as many files and sockets open as its user may: most systems start it with
/// 1,024, which a few hundred visitors use up.
pub(crate) fn raise_descriptors() {
    let Rlimit { maximum, .. } = getrlimit(Resource::Nofile);
    let raised = setrlimit(
        Resource::Nofile,
        Rlimit {
            current: maximum,
            maximum,
        },
    );
    let descriptors = descriptors();
    if descriptors < ENOUGH_DESCRIPTORS {
        let error = raised.err().map(tracing::field::display);
        tracing::warn!(
            descriptors,
            error,
            "few files and sockets may be open at the same time, so ingress takes on less: raise the hard limit (ulimit -Hn, LimitNOFILE)"
        );
    }
}

/// Reads what proc(5) says of `/proc/PID/stat`.
fn read(stat: &str) -> Option<ProcessUse> {
    // The name before it may hold spaces and brackets.
    let (_, after) = stat.rsplit_once(") ")?;
    let number = |place: usize| after.split(' ').nth(place)?.parse::<u64>().ok();
    let ticks = number(11)? + number(12)?;
    Some(ProcessUse {
        cpu_seconds: ticks as f64 / rustix::param::clock_ticks_per_second() as f64,
        resident: number(21)?.saturating_mul(rustix::param::page_size() as u64),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn as_many_descriptors_as_the_user_may_have_are_used() {
        let before = getrlimit(Resource::Nofile);
        raise_descriptors();
        assert_eq!(descriptors(), before.maximum.unwrap_or(u64::MAX));
    }

    #[test]
    fn this_process_uses_something() {
        let used = process_use().unwrap();
        assert!(used.resident > 1_000_000, "{used:?}");
        assert!(
            used.cpu_seconds >= 0.0 && used.cpu_seconds < 1e6,
            "{used:?}"
        );
    }

    #[test]
    fn a_name_with_brackets_is_passed_over() {
        let line = "7 (a) (b) S 1 1 1 0 -1 0 0 0 0 0 150 50 0 0 20 0 1 0 100 9000 3 0\n";
        let used = read(line).unwrap();
        assert_eq!(used.cpu_seconds, 2.0);
        assert_eq!(used.resident, 3 * rustix::param::page_size() as u64);
        assert_eq!(read("nothing"), None);
    }
}
