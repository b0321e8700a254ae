//! The address of a provider.

use std::fmt;
use std::str::FromStr;

use openidconnect::IssuerUrl;
use openidconnect::url::Host;

/// The issuer of a provider's tokens, exactly as it writes it: over TLS, or on this machine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Issuer(IssuerUrl);

impl Issuer {
    pub(super) fn url(&self) -> &IssuerUrl {
        &self.0
    }

    pub(super) fn speaks_tls(&self) -> bool {
        self.0.url().scheme() == "https"
    }

    /// The provider's host: what it is called where nothing else is said.
    pub(crate) fn host(&self) -> &str {
        self.0.url().host_str().unwrap_or_default()
    }
}

impl fmt::Display for Issuer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.as_str())
    }
}

impl FromStr for Issuer {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = |what: &str| {
            Err(format!(
                "{what}: write it as the provider does, like https://id.example/realms/acme"
            ))
        };
        let Ok(issuer) = IssuerUrl::new(text.to_owned()) else {
            return wrong("this is no address");
        };
        let url = issuer.url();
        let is_here = match url.host() {
            Some(Host::Domain(name)) => name == "localhost",
            Some(Host::Ipv4(ip)) => ip.is_loopback(),
            Some(Host::Ipv6(ip)) => ip.is_loopback(),
            None => return wrong("it names a host"),
        };
        if url.scheme() != "https" && !(url.scheme() == "http" && is_here) {
            return wrong("it begins with https://");
        }
        if !url.username().is_empty() || url.password().is_some() {
            return wrong("it holds no credentials");
        }
        if url.query().is_some() || url.fragment().is_some() {
            return wrong("it holds no ? and no #");
        }
        Ok(Self(issuer))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_issuer_is_asked_over_tls_or_on_this_machine() {
        for good in [
            "https://id.example",
            "https://id.example/",
            "https://id.example/realms/acme",
            "http://127.0.0.1:9000",
            "http://[::1]:9000",
            "http://localhost:9000/oidc",
        ] {
            let issuer: Issuer = good.parse().unwrap();
            assert_eq!(issuer.to_string(), good);
        }
        for bad in [
            "",
            "id.example",
            "http://id.example",
            "http://localhost.evil.example",
            "ftp://id.example",
            "https://me@id.example",
            "https://id.example/?tenant=1",
            "https://id.example/#a",
        ] {
            assert!(bad.parse::<Issuer>().is_err(), "{bad}");
        }
    }
}
