//! The processes of a build, by the control group that they are in.
//!
//! Podman (seen with 4.3) goes on with the step of a build that was given up until the step ends by
//! itself. The engine runs on this machine, so its processes can be ended here.

use std::fs;
use std::time::Duration;

/// A step that was just about to begin is found by a later look.
const LOOKS: u32 = 20;
const LOOK_EVERY: Duration = Duration::from_millis(500);

/// The control group of a build, as the engine's API takes it.
pub(super) fn parent(name: &str, is_systemd: bool) -> String {
    let name = name.replace('-', "");
    if is_systemd {
        format!("pilothousebuild{name}.slice")
    } else {
        format!("/pilothousebuild{name}")
    }
}

/// Ends whatever of a build goes on unless it is told that the build has ended.
pub(super) struct Ending {
    parent: String,
    pub(super) is_over: bool,
}

impl Ending {
    pub(super) fn of(parent: String) -> Self {
        Self {
            parent,
            is_over: false,
        }
    }
}

impl Drop for Ending {
    fn drop(&mut self) {
        if self.is_over {
            return;
        }
        let parent = std::mem::take(&mut self.parent);
        tokio::spawn(async move { end(&parent).await });
    }
}

/// Ends every process in a control group, for a while.
pub(super) async fn end(parent: &str) {
    for _ in 0..LOOKS {
        kill(parent);
        tokio::time::sleep(LOOK_EVERY).await;
    }
}

/// Kills every process in a control group. Those of others can't be killed, and are not.
fn kill(parent: &str) {
    let wanted = parent.trim_start_matches('/');
    let Ok(processes) = fs::read_dir("/proc") else {
        return;
    };
    for process in processes.flatten() {
        let number = process.file_name();
        let Some(pid) = number
            .to_str()
            .and_then(|number| number.parse::<i32>().ok())
        else {
            continue;
        };
        let groups = fs::read_to_string(process.path().join("cgroup")).unwrap_or_default();
        if groups.split(['/', '\n']).any(|group| group == wanted)
            && let Some(pid) = rustix::process::Pid::from_raw(pid)
        {
            // It may have ended by itself meanwhile.
            let _ = rustix::process::kill_process(pid, rustix::process::Signal::KILL);
        }
    }
}
