//! What an edge runs from: this very executable, with the libraries that it has loaded, and nothing else.

use std::collections::BTreeSet;
use std::io;
use std::path::{Path, PathBuf};

use bytes::Bytes;

/// Where the executable is in the image.
const EXECUTABLE: &str = "pilothouse";

/// A build's context, whose image runs `/pilothouse`.
///
/// # Errors
/// The executable or one of its libraries can't be read.
pub(crate) fn context() -> io::Result<Bytes> {
    let own = std::env::current_exe()?;
    let maps = std::fs::read_to_string("/proc/self/maps")?;
    let libraries = libraries(&maps, &own);
    let mut tar = tar::Builder::new(Vec::new());
    let mut dockerfile = format!("FROM scratch\nCOPY {EXECUTABLE} /{EXECUTABLE}\n");
    add(&mut tar, EXECUTABLE, &std::fs::read(&own)?)?;
    for (number, library) in libraries.iter().enumerate() {
        let name = format!("library{number}");
        add(&mut tar, &name, &std::fs::read(library)?)?;
        for path in paths(library) {
            dockerfile.push_str(&format!("COPY {name} {}\n", path.display()));
        }
    }
    dockerfile.push_str(&format!("ENTRYPOINT [\"/{EXECUTABLE}\"]\n"));
    add(&mut tar, "Dockerfile", dockerfile.as_bytes())?;
    Ok(tar.into_inner()?.into())
}

/// The files that a process has loaded code from, but for its own.
fn libraries(maps: &str, own: &Path) -> BTreeSet<PathBuf> {
    let file = |line: &str| {
        let is_code = line.split_whitespace().nth(1)?.contains('x');
        let path = PathBuf::from(&line[line.find('/')?..]);
        (is_code && path != own).then_some(path)
    };
    maps.lines().filter_map(file).collect()
}

/// Where a library is looked for: by the name that it is loaded by, and by that of the loader itself,
/// which an executable names by its path (`/lib64` on x86-64, `/lib` on others).
fn paths(library: &Path) -> Vec<PathBuf> {
    let mut paths = vec![library.to_owned()];
    if let Ok(below) = library.strip_prefix("/usr") {
        paths.push(Path::new("/").join(below));
    }
    let name = library.file_name().unwrap_or_default();
    if name.to_string_lossy().starts_with("ld-linux") {
        paths.extend(["/lib64", "/lib"].map(|folder| Path::new(folder).join(name)));
    }
    paths
}

fn add(tar: &mut tar::Builder<Vec<u8>>, name: &str, content: &[u8]) -> io::Result<()> {
    let mut header = tar::Header::new_gnu();
    header.set_size(content.len() as u64);
    header.set_mode(0o755);
    tar.append_data(&mut header, name, content)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_loaded_is_taken_along() {
        let maps = "\
            55d0-55d1 r--p 00000000 fe:00 1 /opt/pilothouse\n\
            55d1-55d2 r-xp 00001000 fe:00 1 /opt/pilothouse\n\
            7f00-7f01 r--p 00000000 fe:00 2 /usr/lib/x86_64-linux-gnu/libc.so.6\n\
            7f01-7f02 r-xp 00000000 fe:00 2 /usr/lib/x86_64-linux-gnu/libc.so.6\n\
            7f03-7f04 rw-p 00000000 00:00 0 \n\
            7ffc-7ffd r-xp 00000000 00:00 0 [vdso]\n";
        let found = libraries(maps, Path::new("/opt/pilothouse"));
        let found: Vec<_> = found.into_iter().collect();
        assert_eq!(found, [Path::new("/usr/lib/x86_64-linux-gnu/libc.so.6")]);
        let loader = paths(Path::new("/usr/lib/x86_64-linux-gnu/ld-linux-x86-64.so.2"));
        assert!(loader.contains(&PathBuf::from("/lib64/ld-linux-x86-64.so.2")));
    }

    #[test]
    fn the_context_holds_this_executable() {
        let context = context().unwrap();
        let mut tar = tar::Archive::new(&context[..]);
        let names: Vec<String> = tar
            .entries()
            .unwrap()
            .map(|entry| entry.unwrap().path().unwrap().display().to_string())
            .collect();
        assert!(
            names.contains(&"pilothouse".to_owned()) && names.contains(&"Dockerfile".to_owned())
        );
    }
}
