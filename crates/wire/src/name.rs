//! Slugs: the lower-case form of a name that stands in addresses.

pub use crate::text::Name;

/// The longest slug.
pub const MAX_SLUG: usize = 63;

/// Derives the slug of a name: ASCII letters and digits in lower case, everything else one hyphen.
/// Empty when the name holds no ASCII letter or digit.
pub fn derive_slug(name: &str) -> String {
    let mut slug = String::with_capacity(name.len().min(MAX_SLUG));
    for c in name.chars() {
        if slug.len() == MAX_SLUG {
            break;
        }
        if c.is_ascii_alphanumeric() {
            slug.push(c.to_ascii_lowercase());
        } else if !slug.is_empty() && !slug.ends_with('-') {
            slug.push('-');
        }
    }
    while slug.ends_with('-') {
        slug.pop();
    }
    slug
}

impl Name {
    /// The slug that addresses use. Never empty.
    pub fn slug(&self) -> String {
        derive_slug(self.as_str())
    }
}
