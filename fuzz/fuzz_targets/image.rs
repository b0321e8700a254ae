//! Image references: the parts make the whole.
#![no_main]

use libfuzzer_sys::fuzz_target;
use pilothouse_wire::image::ImageReference;

fuzz_target!(|text: &str| {
    let Ok(reference) = ImageReference::new(text) else {
        return;
    };
    let parts = reference.parts();
    let mut whole = String::new();
    if let Some(registry) = parts.registry {
        whole.push_str(registry);
        whole.push('/');
    }
    whole.push_str(parts.repository);
    if let Some(tag) = parts.tag {
        whole.push(':');
        whole.push_str(tag);
    }
    if let Some(digest) = parts.digest {
        whole.push('@');
        whole.push_str(digest);
    }
    assert_eq!(whole, reference.as_str());
    assert_eq!(ImageReference::new(&whole), Ok(reference));
});
