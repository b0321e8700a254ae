//! Procfiles: which processes an image has, and what each runs
//! (<https://devcenter.heroku.com/articles/procfile>).

use std::collections::BTreeMap;

use pilothouse_wire::service::limits;
use pilothouse_wire::text::ProcessName;

/// Why a Procfile can't be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {line} of the Procfile: {why}")]
pub(crate) struct ProcfileError {
    line: usize,
    why: String,
}

/// Reads `name: command` lines.
pub(crate) fn parse(text: &str) -> Result<BTreeMap<String, String>, ProcfileError> {
    let mut processes = BTreeMap::new();
    for (index, line) in text.lines().enumerate() {
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let fault = |why: &str| ProcfileError {
            line: index + 1,
            why: why.to_owned(),
        };
        let (name, command) = line
            .split_once(':')
            .ok_or_else(|| fault("a process looks like `web: command`"))?;
        let name = ProcessName::new(name).map_err(|why| fault(&why))?;
        let command = command.trim();
        if command.is_empty() {
            return Err(fault("the command is missing"));
        }
        if processes.insert(name.into(), command.to_owned()).is_some() {
            return Err(fault("this process is there twice"));
        }
    }
    if processes.len() > limits::PROCESSES {
        return Err(ProcfileError {
            line: 1,
            why: format!("it holds more than {} processes", limits::PROCESSES),
        });
    }
    Ok(processes)
}

/// A command as a program with its arguments. What needs a shell gets one; what does not runs
/// without, so that it receives signals itself and needs no shell in its image.
pub(crate) fn argv(command: &str) -> Vec<String> {
    const SHELL: &str = "|&;<>()$`\\\"'*?[]#~={}%!";
    if !command.contains(|c| SHELL.contains(c)) {
        return command.split_whitespace().map(str::to_owned).collect();
    }
    // `exec` takes one simple command, which then receives signals itself.
    let is_simple = !command.contains(['|', '&', ';', '(', '{', '=']);
    let command = match is_simple {
        true => format!("exec {command}"),
        false => command.to_owned(),
    };
    ["/bin/sh", "-c", &command].map(str::to_owned).to_vec()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_processes_and_names_the_line_that_is_wrong() {
        let read = parse("# two\nweb: ./server --port 80\n\nworker: sh -c 'a: b'\n").unwrap();
        assert_eq!(read["web"], "./server --port 80");
        assert_eq!(read["worker"], "sh -c 'a: b'");
        for (bad, line) in [
            ("web", 1),
            ("web: a\nweb: b", 2),
            ("\nweb:", 2),
            ("W W: a", 1),
        ] {
            assert_eq!(parse(bad).unwrap_err().line, line, "{bad}");
        }
    }

    #[test]
    fn only_what_needs_a_shell_gets_one() {
        assert_eq!(argv("./server --port 80"), ["./server", "--port", "80"]);
        assert_eq!(
            argv("./server --port $PORT"),
            ["/bin/sh", "-c", "exec ./server --port $PORT"]
        );
        assert_eq!(argv("a && b"), ["/bin/sh", "-c", "a && b"]);
    }
}
