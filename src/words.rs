//! Small pure texts that pages and forms share: counts in words, links of domains.

/// The link that a domain has behind ingress: ingress's own address with its host replaced.
pub fn domain_link(ingress: Option<&str>, domain: &str) -> Option<String> {
    if domain.starts_with("*.") {
        return None;
    }
    let (scheme, rest) = ingress?.split_once("://")?;
    let port = rest
        .trim_end_matches('/')
        .rsplit_once(':')
        .map(|(_, port)| port)
        .filter(|port| !port.is_empty() && port.bytes().all(|b| b.is_ascii_digit()));
    let port = port.map(|port| format!(":{port}")).unwrap_or_default();
    Some(format!("{scheme}://{domain}{port}/"))
}

/// `1 service`, `2 services`.
pub fn plural(count: usize, one: &str) -> String {
    format!("{count} {one}{}", if count == 1 { "" } else { "s" })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_domain_opens_behind_ingress() {
        let link = |ingress| domain_link(Some(ingress), "shop.localhost");
        assert_eq!(
            link("http://127.0.0.1:7080").as_deref(),
            Some("http://shop.localhost:7080/")
        );
        assert_eq!(
            link("https://acme.dev/").as_deref(),
            Some("https://shop.localhost/")
        );
        assert_eq!(
            link("http://[::1]:80").as_deref(),
            Some("http://shop.localhost:80/")
        );
        assert_eq!(domain_link(None, "shop.localhost"), None);
        assert_eq!(domain_link(Some("http://127.0.0.1:80"), "*.dev"), None);
    }
}
