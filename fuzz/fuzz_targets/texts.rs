//! Names, domains, paths, tags: what is taken is taken again, as it is.
#![no_main]

use libfuzzer_sys::fuzz_target;
use pilothouse_wire::name::derive_slug;
use pilothouse_wire::text::{
    BranchName, Domain, GithubRepository, HealthCheckHost, HealthCheckPath, MountPath, Name,
    ProcessName, Subdirectory, Tag, VariableName, VariableValue, VolumeName, is_invisible,
};

macro_rules! again {
    ($text:ident; $($kind:ty),*) => {$(
        if let Ok(taken) = <$kind>::new($text) {
            assert!(taken.as_str().len() <= $text.len());
            assert_eq!(<$kind>::new(taken.as_str()).as_ref(), Ok(&taken));
        }
    )*};
}

fuzz_target!(|text: &str| {
    again!(text; BranchName, Domain, GithubRepository, HealthCheckHost, HealthCheckPath, MountPath,
        Name, ProcessName, Subdirectory, Tag, VariableName, VariableValue, VolumeName);
    let slug = derive_slug(text);
    assert_eq!(derive_slug(&slug), slug);
    assert!(
        slug.bytes()
            .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-'),
        "{slug}"
    );
    if let Ok(name) = Name::new(text) {
        assert!(
            !name.slug().is_empty() && name.slug().len() <= 63,
            "{}",
            name.slug()
        );
        assert!(!name.as_str().contains(is_invisible));
    }
});
