//! Small pure texts that pages and forms share: counts, sizes and durations in words, links of
//! domains, texts of strangers.

use std::borrow::Cow;

use wire::text::{Domain, is_invisible};

/// The link that a domain has behind ingress: ingress's own address with its host replaced.
pub fn domain_link(ingress: Option<&str>, domain: &str) -> Option<String> {
    // What is no domain leads nowhere, whatever a platform says.
    if domain.starts_with("*.") || Domain::new(domain).is_err() {
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

/// `1 service`, `2 services`, `2 processes`, `2 entries`.
pub fn plural(count: usize, one: &str) -> String {
    if count == 1 {
        return format!("1 {one}");
    }
    let many = match one.strip_suffix('y') {
        Some(stem) => format!("{stem}ies"),
        None if one.ends_with('s') => format!("{one}es"),
        None => format!("{one}s"),
    };
    format!("{} {many}", grouped(count))
}

/// A count with a comma after each three digits.
pub fn grouped(count: usize) -> String {
    let digits = count.to_string();
    let mut words = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            words.push(',');
        }
        words.push(digit);
    }
    words
}

/// What differs, by how much of each kind: `image, 2 variables and 1 process`.
pub fn differences(image: bool, variables: usize, processes: usize) -> Option<String> {
    let counted = |count, one| (count > 0).then(|| plural(count, one));
    let kinds = [
        image.then(|| "image".to_owned()),
        counted(variables, "variable"),
        counted(processes, "process"),
    ];
    let mut kinds: Vec<String> = kinds.into_iter().flatten().collect();
    let last = kinds.pop()?;
    Some(match kinds.is_empty() {
        true => last,
        false => format!("{} and {last}", kinds.join(", ")),
    })
}

/// `912 B`, `41.3 MB`: three digits at most, in units of 1,000.
pub fn size(bytes: u64) -> String {
    const UNITS: [&str; 4] = ["KB", "MB", "GB", "TB"];
    if bytes < 1_000 {
        return format!("{bytes} B");
    }
    let mut amount = bytes as f64 / 1_000.0;
    let mut unit = 0;
    // What would read as 1000 is 1 of the next.
    while amount >= 999.5 && unit + 1 < UNITS.len() {
        amount /= 1_000.0;
        unit += 1;
    }
    let digits = usize::from(amount < 99.95);
    format!("{amount:.digits$} {}", UNITS.get(unit).unwrap_or(&"TB"))
}

/// `0.4 s`, `41 s`, `1 min 12 s`, `2 h 5 min`.
pub fn duration(milliseconds: u64) -> String {
    let seconds = milliseconds / 1_000;
    match seconds {
        ..10 => format!("{:.1} s", (milliseconds / 100) as f64 / 10.0),
        10..60 => format!("{seconds} s"),
        60..3_600 => format!("{} min {} s", seconds / 60, seconds % 60),
        _ => format!("{} h {} min", seconds / 3_600, seconds / 60 % 60),
    }
}

/// As much of a commit's hash or of a digest as people compare: `4be10a2`, `sha256:1f8a03c2d9b4`.
pub fn short(hash: &str) -> &str {
    let digits = match hash.split_once(':') {
        Some((kind, _)) => kind.len() + 1 + 12,
        None => 7,
    };
    hash.get(..digits).unwrap_or(hash)
}

/// A text of a stranger, with every character that could not be seen, or would change how others
/// are seen, written as its number: `\u{202E}`.
pub fn visible(text: &str) -> Cow<'_, str> {
    if !text.chars().any(is_invisible) {
        return Cow::Borrowed(text);
    }
    let mut shown = String::with_capacity(text.len());
    for c in text.chars() {
        match is_invisible(c) {
            true => shown.push_str(&format!("\\u{{{:04X}}}", u32::from(c))),
            false => shown.push(c),
        }
    }
    Cow::Owned(shown)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_can_not_be_seen_is_written_out() {
        assert_eq!(visible("/a?b=<i>&amp;"), "/a?b=<i>&amp;");
        assert_eq!(visible("/\u{202E}gpj.exe\n"), "/\\u{202E}gpj.exe\\u{000A}");
        assert_eq!(visible("grüße"), "grüße");
    }

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

    #[test]
    fn counts_are_read_at_a_glance() {
        assert_eq!(plural(1, "line"), "1 line");
        assert_eq!(plural(999, "line"), "999 lines");
        assert_eq!(plural(1_000, "process"), "1,000 processes");
        assert_eq!(plural(1_234_567, "line"), "1,234,567 lines");
    }

    #[test]
    fn differences_are_counted_by_kind() {
        let words = |image, variables, processes| differences(image, variables, processes);
        assert_eq!(words(false, 0, 0), None);
        assert_eq!(words(true, 0, 0).as_deref(), Some("image"));
        assert_eq!(
            words(true, 2, 1).as_deref(),
            Some("image, 2 variables and 1 process")
        );
        assert_eq!(
            words(false, 1, 2).as_deref(),
            Some("1 variable and 2 processes")
        );
    }

    #[test]
    fn sizes_have_three_digits() {
        let sizes = [
            0,
            912,
            1_000,
            41_340_000,
            412_000_000,
            999_600_000,
            2_000_000_000_000,
        ];
        let words = [
            "0 B", "912 B", "1.0 KB", "41.3 MB", "412 MB", "1.0 GB", "2.0 TB",
        ];
        assert_eq!(sizes.map(size), words);
    }

    #[test]
    fn durations_have_two_units() {
        let times = [0, 420, 9_990, 41_900, 72_000, 7_510_000];
        let words = ["0.0 s", "0.4 s", "9.9 s", "41 s", "1 min 12 s", "2 h 5 min"];
        assert_eq!(times.map(duration), words);
    }

    #[test]
    fn hashes_are_cut() {
        assert_eq!(short("4be10a2c99d01f"), "4be10a2");
        assert_eq!(short("sha256:1f8a03c2d9b4aa00"), "sha256:1f8a03c2d9b4");
        assert_eq!(short("main"), "main");
    }
}
