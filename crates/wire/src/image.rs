//! References to container images, after the grammar of the OCI distribution specification and of
//! `distribution/reference` (docker.io as the default registry, `latest` as the default tag).

use crate::text::text;

const WORDS: &str = "An image is a reference like nginx:1.27, ghcr.io/acme/api:2.4 or one with @sha256:… at its end.";

text! {
    /// A reference to a container image: `[registry/]repository[:tag][@digest]`.
    pub struct ImageReference;
    |text| if Parts::of(text).is_some() { Ok(()) } else { Err(WORDS) }
}

/// What an image reference says, as far as it says it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Parts<'a> {
    /// `ghcr.io`, `localhost:5000`; absent for Docker Hub's short names.
    pub registry: Option<&'a str>,
    /// `acme/api`.
    pub repository: &'a str,
    /// `2.4`.
    pub tag: Option<&'a str>,
    /// `sha256:…`.
    pub digest: Option<&'a str>,
}

impl<'a> Parts<'a> {
    fn of(text: &'a str) -> Option<Self> {
        if text.len() > 512 {
            return None;
        }
        let (rest, digest) = match text.split_once('@') {
            Some((rest, digest)) => (
                rest,
                Some(digest).filter(|digest| is_digest(digest))?.into(),
            ),
            None => (text, None),
        };
        let (named, tag) = match rest.rsplit_once(':') {
            Some((named, tag)) if !tag.contains('/') => {
                (named, Some(Some(tag).filter(|tag| is_tag(tag))?))
            }
            _ => (rest, None),
        };
        let (registry, repository) = match named.split_once('/') {
            Some((first, rest)) if first.contains(['.', ':']) || first == "localhost" => {
                (Some(Some(first).filter(|first| is_registry(first))?), rest)
            }
            _ => (None, named),
        };
        (repository.len() <= 255 && repository.split('/').all(is_component)).then_some(Self {
            registry,
            repository,
            tag,
            digest,
        })
    }
}

impl ImageReference {
    /// What the reference says.
    pub fn parts(&self) -> Parts<'_> {
        Parts::of(self.as_str()).unwrap_or(Parts {
            registry: None,
            repository: self.as_str(),
            tag: None,
            digest: None,
        })
    }
}

fn is_registry(registry: &str) -> bool {
    let (host, port) = match registry.rsplit_once(':') {
        Some((host, port)) => (host, port.parse::<u16>().is_ok_and(|port| port > 0)),
        None => (registry, true),
    };
    port && host.len() <= 253
        && host.split('.').all(|label| {
            !label.is_empty()
                && label.len() <= 63
                && !label.starts_with('-')
                && !label.ends_with('-')
                && label
                    .bytes()
                    .all(|b| b.is_ascii_alphanumeric() || b == b'-')
        })
}

/// Lower-case letters and digits, parted by `.`, `_`, `__` or any number of hyphens.
fn is_component(component: &str) -> bool {
    let word = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit();
    let bytes = component.as_bytes();
    let ends_well = |b: Option<&u8>| b.is_some_and(|b| word(*b));
    ends_well(bytes.first())
        && ends_well(bytes.last())
        && bytes.split(|b| word(*b)).all(|between| {
            matches!(between, b"" | b"." | b"_" | b"__") || between.iter().all(|b| *b == b'-')
        })
}

fn is_tag(tag: &str) -> bool {
    (1..=128).contains(&tag.len())
        && !tag.starts_with(['.', '-'])
        && tag
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'.' | b'-'))
}

fn is_digest(digest: &str) -> bool {
    let hex = |hex: &str, length: usize| {
        hex.len() == length
            && hex
                .bytes()
                .all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b))
    };
    match digest.split_once(':') {
        Some(("sha256", value)) => hex(value, 64),
        Some(("sha512", value)) => hex(value, 128),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_every_part() {
        let reference = ImageReference::new("localhost:5000/acme/api:2.4").unwrap();
        assert_eq!(
            reference.parts(),
            Parts {
                registry: Some("localhost:5000"),
                repository: "acme/api",
                tag: Some("2.4"),
                digest: None
            }
        );
        let pinned = format!("redis@sha256:{}", "a".repeat(64));
        let pinned = ImageReference::new(&pinned).unwrap();
        assert_eq!(pinned.parts().repository, "redis");
        assert!(pinned.parts().digest.is_some());
    }

    #[test]
    fn refuses_what_no_registry_takes() {
        for bad in [
            "",
            "Nginx",
            "nginx:",
            "nginx:-a",
            "a//b",
            "a/../b",
            "nginx@sha256:12",
            "ghcr.io:0/a",
            "a b",
            "a_-b",
        ] {
            assert_eq!(ImageReference::new(bad).unwrap_err(), WORDS, "{bad}");
        }
        for good in [
            "nginx",
            "a__b",
            "a--b",
            "my.reg/a/b/c:1_2",
            "docker.io/library/redis:7.4",
        ] {
            assert!(ImageReference::new(good).is_ok(), "{good}");
        }
    }
}
