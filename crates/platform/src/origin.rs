//! The address of a server without a path: the one that a gateway asks, or where browsers reach the
//! console.

use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

use http::Uri;
use http::uri::{Authority, PathAndQuery, Scheme};

/// A scheme and a host with its port, and nothing else: no path leads out of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Origin {
    scheme: Scheme,
    authority: Authority,
}

impl Origin {
    /// Whether what is sent there is read by nobody on the way.
    pub(crate) fn is_private(&self) -> bool {
        let host = self.authority.host();
        let host = host.trim_matches(['[', ']']);
        let is_here = host.parse().is_ok_and(|ip: IpAddr| ip.is_loopback());
        self.speaks_tls() || is_here || host == "localhost"
    }

    pub(crate) fn speaks_tls(&self) -> bool {
        self.scheme == Scheme::HTTPS
    }

    /// An address at this origin.
    pub(crate) fn address(&self, path: PathAndQuery) -> Result<Uri, http::Error> {
        let address = Uri::builder().scheme(self.scheme.clone());
        address
            .authority(self.authority.clone())
            .path_and_query(path)
            .build()
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}://{}", self.scheme, self.authority)
    }
}

impl FromStr for Origin {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = |what: &str| format!("{what}: write it as https://platform.example");
        let address: Uri = text.parse().map_err(|_| wrong("this is no address"))?;
        let parts = address.into_parts();
        let (Some(scheme), Some(authority)) = (parts.scheme, parts.authority) else {
            return Err(wrong("it begins with https:// or http:// and names a host"));
        };
        if scheme != Scheme::HTTPS && scheme != Scheme::HTTP {
            return Err(wrong("it begins with https:// or http://"));
        }
        if authority.as_str().contains('@') {
            return Err(wrong("it holds no credentials"));
        }
        if authority.host().is_empty() {
            return Err(wrong("it names a host"));
        }
        if parts.path_and_query.is_some_and(|path| path != "/") {
            return Err(wrong("it ends with the host and its port, without a path"));
        }
        Ok(Self { scheme, authority })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_origin_is_a_host_and_nothing_else() {
        for good in [
            "https://a.example",
            "http://127.0.0.1:7070",
            "https://[::1]:1",
        ] {
            assert_eq!(good.parse::<Origin>().unwrap().to_string(), good);
        }
        let slash: Origin = "https://a.example/".parse().unwrap();
        assert_eq!(slash.to_string(), "https://a.example");
        for bad in [
            "",
            "a.example",
            "ftp://a.example",
            "https://key@a.example",
            "https://a.example/api/v1",
            "https://a.example/?a=1",
            "https://",
            "/api",
        ] {
            let words = bad.parse::<Origin>().unwrap_err();
            assert!(words.contains("https://platform.example"), "{bad}: {words}");
        }
    }

    #[test]
    fn a_key_is_private_over_tls_and_on_this_machine() {
        let private = |text: &str| text.parse::<Origin>().unwrap().is_private();
        assert!(private("https://a.example") && private("http://localhost:1"));
        assert!(private("http://[::1]:7070") && private("http://127.0.0.2"));
        assert!(!private("http://a.example") && !private("http://10.0.0.1:7070"));
    }
}
