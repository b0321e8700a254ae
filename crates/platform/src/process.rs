//! What this process itself uses, as the kernel counts it.

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
