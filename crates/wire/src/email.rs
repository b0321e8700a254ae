//! The e-mail address by which a provider of identities knows somebody.

use crate::text::{check, text};

/// The longest address that a path of RFC 5321 (section 4.5.3.1.3) has room for, in bytes.
const LONGEST: usize = 254;

text! {
    /// An e-mail address. Only ASCII: of other letters too many look alike.
    pub struct Email;
    |text| check(is_address(text), "An e-mail address looks like ada@example.com.")
}

fn is_address(text: &str) -> bool {
    let Some((local, domain)) = text.rsplit_once('@') else {
        return false;
    };
    let is_plain = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_graphic());
    text.len() <= LONGEST
        && is_plain(local)
        && is_plain(domain)
        && !domain.starts_with('.')
        && !domain.ends_with('.')
}

impl Email {
    /// The form under which addresses are compared: lower case. No provider that counts tells two
    /// people apart by capitals.
    pub fn canonical(&self) -> String {
        self.as_str().to_ascii_lowercase()
    }

    /// Whether it is an address of a domain, and of none below it.
    pub fn is_of(&self, domain: &str) -> bool {
        let own = self.as_str().rsplit_once('@');
        own.is_some_and(|(_, own)| own.eq_ignore_ascii_case(domain))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_ascii_around_an_at() {
        for good in ["ada@example.com", " a.b+c@x ", "\"odd@one\"@example.com"] {
            assert!(Email::new(good).is_ok(), "{good}");
        }
        let long = format!("{}@example.com", "a".repeat(250));
        for bad in [
            "",
            "ada",
            "@example.com",
            "ada@",
            "ada @x",
            "ada@.x",
            "ada@x.",
            "ad\u{430}@example.com",
            &long,
        ] {
            assert!(Email::new(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_domain_is_the_whole_of_what_follows_the_last_at() {
        let is_of = |text: &str| Email::new(text).unwrap().is_of("example.com");
        assert!(is_of("ada@Example.COM"));
        for other in [
            "ada@mail.example.com",
            "ada@notexample.com",
            "ada@example.com@evil.example",
        ] {
            assert!(!is_of(other), "{other}");
        }
    }
}
