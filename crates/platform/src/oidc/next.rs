//! Where somebody ends up who has signed in: a place of this console, and nowhere else.

use openidconnect::url::{Position, Url};

use crate::origin::Origin;

/// The longest address that is remembered, in bytes.
const LONGEST: usize = 2_000;
/// What no page is at.
const NO_PAGES: [&str; 2] = ["/api", "/connect"];

/// The place of the console that is named, read as browsers read addresses; its first page where what
/// is named is none.
pub(crate) fn place(origin: &Origin, next: Option<&str>) -> String {
    let place = next.and_then(|next| read(origin, next));
    place.unwrap_or_else(|| "/".to_owned())
}

fn read(origin: &Origin, next: &str) -> Option<String> {
    if !next.starts_with('/') || next.len() > LONGEST {
        return None;
    }
    let base = Url::parse(&origin.to_string()).ok()?;
    let url = base.join(next).ok()?;
    let is_page = !NO_PAGES.iter().any(|other| url.path().starts_with(other));
    let place = &url[Position::BeforePath..];
    // What begins with two slashes would name another host.
    (url.origin() == base.origin() && is_page && !place.starts_with("//")).then(|| place.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_is_sent_to_another_site() {
        let origin: Origin = "https://console.example".parse().unwrap();
        let go = |next: &str| place(&origin, Some(next));
        for good in [
            "/",
            "/o/acme?q=a%20b",
            "/o/acme/p/shop#top",
            "/o/%2F%2Fevil",
        ] {
            assert_eq!(go(good), good);
        }
        let long = format!("/{}", "a".repeat(LONGEST));
        for bad in [
            "",
            "o/acme",
            "//evil.example",
            "///evil.example",
            "/\\evil.example",
            "/\t/evil.example",
            "/\n\\evil.example",
            "/.//evil.example",
            "/a/..//evil.example",
            "/%2e//evil.example",
            "https://evil.example",
            "javascript:alert(1)",
            "@evil.example",
            "/api/v1/auth/oidc/start",
            "/connect?next=/",
            &long,
        ] {
            assert_eq!(go(bad), "/", "{bad}");
        }
        assert_eq!(go("/a\r\nSet-Cookie: b"), "/aSet-Cookie:%20b");
        assert_eq!(place(&origin, None), "/");
    }
}
