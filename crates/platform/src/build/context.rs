//! What a build may see: the folder that is built, its recipe, its Procfile, and a tar of it all.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use super::error::BuildError;
use crate::domain::parse_procfile;

/// Names that a recipe may have, the first that is there counts.
const RECIPES: [&str; 2] = ["Dockerfile", "Containerfile"];
const PROCFILE: &str = "Procfile";
/// The largest Procfile, in bytes.
const MAX_PROCFILE: u64 = 64 * 1024;

/// A packed context.
#[derive(Debug)]
pub(super) struct Context {
    pub(super) tar: PathBuf,
    /// The recipe's path in the context.
    pub(super) dockerfile: String,
    /// The same in the repository.
    pub(super) dockerfile_in_repository: String,
    pub(super) processes: BTreeMap<String, String>,
    /// Secret's name → its file at the root of the context.
    pub(super) secrets: BTreeMap<String, String>,
}

/// The folder in which one build works.
pub(super) fn folder(all: &Path, id: &str) -> PathBuf {
    all.join(format!("build-{id}"))
}

/// Makes the folder of a build, which nobody else may read: secrets are packed in it.
pub(super) async fn make(folder: &Path) -> io::Result<()> {
    let mut builder = tokio::fs::DirBuilder::new();
    builder.recursive(true).mode(0o700).create(folder).await
}

/// The builds whose folders are there.
pub(super) async fn left(all: &Path) -> Vec<String> {
    let mut ids = Vec::new();
    let Ok(mut entries) = tokio::fs::read_dir(all).await else {
        return ids;
    };
    while let Ok(Some(entry)) = entries.next_entry().await {
        let name = entry.file_name();
        let id = name.to_str().and_then(|name| name.strip_prefix("build-"));
        ids.extend(id.map(str::to_owned));
    }
    ids
}

/// Removes the folder of a build.
pub(super) async fn clean_up(all: &Path, id: &str) {
    let folder = folder(all, id);
    if let Err(error) = tokio::fs::remove_dir_all(&folder).await
        && error.kind() != io::ErrorKind::NotFound
    {
        tracing::warn!(folder = %folder.display(), %error, "the folder of a build can't be removed");
    }
}

/// Packs the folder of a checkout that is built, with these secrets beside it.
pub(super) fn pack(
    checkout: &Path,
    subdirectory: Option<&str>,
    secrets: &BTreeMap<String, String>,
    tar: PathBuf,
) -> Result<Context, BuildError> {
    let root = root(checkout, subdirectory)?;
    let recipe = RECIPES.into_iter().find(|name| is_inside(&root, name));
    let recipe = recipe.ok_or_else(|| BuildError::NoRecipe {
        folder: match subdirectory {
            Some(folder) => format!("in the folder {folder}"),
            None => "at the root of the repository".to_owned(),
        },
    })?;
    let processes = processes(&root)?;
    let packed = write(&root, secrets, &tar);
    let secrets = packed.map_err(BuildError::of_the_disk)?;
    let in_repository = match subdirectory {
        Some(folder) => format!("{}/{recipe}", folder.trim_end_matches('/')),
        None => recipe.to_owned(),
    };
    Ok(Context {
        tar,
        dockerfile: recipe.to_owned(),
        dockerfile_in_repository: in_repository,
        processes,
        secrets,
    })
}

/// The folder that is built, which lies inside the checkout whatever links are in it.
fn root(checkout: &Path, subdirectory: Option<&str>) -> Result<PathBuf, BuildError> {
    let Some(subdirectory) = subdirectory else {
        return Ok(checkout.to_owned());
    };
    let none = || BuildError::NoFolder {
        folder: subdirectory.to_owned(),
    };
    let checkout = checkout.canonicalize().map_err(BuildError::of_the_disk)?;
    let root = checkout
        .join(subdirectory)
        .canonicalize()
        .map_err(|_| none())?;
    if root.is_dir() && root.starts_with(&checkout) {
        Ok(root)
    } else {
        Err(none())
    }
}

/// Whether a folder has such a file. A link may lead to another file of the folder, and nowhere else:
/// engines follow it on their own disk.
fn is_inside(root: &Path, name: &str) -> bool {
    let real = root.canonicalize().and_then(|root| {
        let file = root.join(name).canonicalize()?;
        Ok(file.is_file() && file.starts_with(root))
    });
    real.unwrap_or(false)
}

fn processes(root: &Path) -> Result<BTreeMap<String, String>, BuildError> {
    let file = root.join(PROCFILE);
    let Ok(about) = fs::symlink_metadata(&file) else {
        return Ok(BTreeMap::new());
    };
    if !about.is_file() || about.len() > MAX_PROCFILE {
        return Err(BuildError::Procfile(
            "the Procfile is no file of at most 64 KiB".to_owned(),
        ));
    }
    let text = fs::read_to_string(&file).map_err(BuildError::of_the_disk)?;
    parse_procfile(&text).map_err(|error| BuildError::Procfile(error.to_string()))
}

/// Writes the tar, and gives the file of each secret in it.
fn write(
    root: &Path,
    secrets: &BTreeMap<String, String>,
    tar: &Path,
) -> io::Result<BTreeMap<String, String>> {
    let mut tar = tar::Builder::new(io::BufWriter::new(File::create_new(tar)?));
    // A link is packed as what it is, and leads nowhere but where the engine unpacks it.
    tar.follow_symlinks(false);
    let mut entries: Vec<_> = fs::read_dir(root)?.collect::<io::Result<_>>()?;
    entries.sort_by_key(fs::DirEntry::file_name);
    for entry in entries {
        let (name, path) = (entry.file_name(), entry.path());
        match entry.file_type()? {
            _ if name == ".git" => {}
            kind if kind.is_dir() => tar.append_dir_all(&name, &path)?,
            _ => tar.append_path_with_name(&path, &name)?,
        }
    }
    let mut files = BTreeMap::new();
    for (name, value) in secrets {
        let file = format!("pilothouse-secret-{}", uuid::Uuid::new_v4());
        let mut header = tar::Header::new_gnu();
        header.set_size(value.len() as u64);
        header.set_mode(0o600);
        tar.append_data(&mut header, &file, value.as_bytes())?;
        files.insert(name.clone(), file);
    }
    tar.into_inner()?
        .into_inner()
        .map_err(io::IntoInnerError::into_error)?;
    Ok(files)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn packed(files: &[(&str, &str)], subdirectory: Option<&str>) -> Result<Context, BuildError> {
        let folder = tempfile::tempdir().unwrap();
        let checkout = folder.path().join("checkout");
        for (name, text) in files {
            let file = checkout.join(name);
            fs::create_dir_all(file.parent().unwrap()).unwrap();
            fs::write(file, text).unwrap();
        }
        std::os::unix::fs::symlink("/etc", checkout.join("outside")).unwrap();
        let context = pack(
            &checkout,
            subdirectory,
            &BTreeMap::from([("TOKEN".to_owned(), "t0p".to_owned())]),
            folder.path().join("context.tar"),
        )?;
        let mut names: Vec<String> = tar::Archive::new(File::open(&context.tar).unwrap())
            .entries()
            .unwrap()
            .map(|entry| entry.unwrap().path().unwrap().display().to_string())
            .collect();
        names.sort();
        assert!(
            names.iter().all(|name| !name.contains(".git/")),
            "{names:?}"
        );
        assert!(
            names.iter().all(|name| !name.contains("passwd")),
            "{names:?}"
        );
        assert!(names.contains(&context.secrets["TOKEN"]));
        Ok(context)
    }

    #[test]
    fn the_folder_that_is_built_is_packed_with_its_recipe_and_processes() {
        let files = [
            ("Dockerfile", "FROM scratch"),
            (".git/config", ""),
            ("api/Containerfile", "FROM scratch"),
            ("api/Procfile", "web: ./api\nworker: ./api work"),
        ];
        let whole = packed(&files, None).unwrap();
        assert_eq!(whole.dockerfile, "Dockerfile");
        assert!(whole.processes.is_empty());
        let part = packed(&files, Some("api")).unwrap();
        assert_eq!(part.dockerfile_in_repository, "api/Containerfile");
        assert_eq!(part.processes["worker"], "./api work");
    }

    #[test]
    fn what_is_missing_or_outside_is_told() {
        let files = [
            ("readme", ""),
            ("bad/Dockerfile", ""),
            ("bad/Procfile", "web"),
        ];
        assert!(matches!(
            packed(&files, None),
            Err(BuildError::NoRecipe { .. })
        ));
        assert!(matches!(
            packed(&files, Some("none")),
            Err(BuildError::NoFolder { .. })
        ));
        assert!(matches!(
            packed(&files, Some("outside")),
            Err(BuildError::NoFolder { .. })
        ));
        assert!(matches!(
            packed(&files, Some("bad")),
            Err(BuildError::Procfile(_))
        ));
    }
    #[test]
    fn a_recipe_that_is_a_link_leads_to_another_file_of_its_folder() {
        let folder = tempfile::tempdir().unwrap();
        let packed = |to: &str| {
            let link = folder.path().join("Dockerfile");
            let _ = fs::remove_file(&link);
            std::os::unix::fs::symlink(to, &link).unwrap();
            let tar = folder.path().join(uuid::Uuid::new_v4().to_string());
            pack(folder.path(), None, &BTreeMap::new(), tar)
        };
        fs::write(folder.path().join("Dockerfile.prod"), "FROM scratch").unwrap();
        assert!(packed("Dockerfile.prod").is_ok());
        for outside in ["/etc/hostname", "../../../../../../etc/hostname", "gone"] {
            let refused = packed(outside);
            assert!(
                matches!(refused, Err(BuildError::NoRecipe { .. })),
                "{outside}"
            );
        }
    }
}
