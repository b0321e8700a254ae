//! Calls as commands for a terminal.

/// A call as a `curl` command. The key is left to the environment of the terminal.
pub fn command(method: &str, url: &str, revision: Option<&str>, body: Option<&str>) -> String {
    let mut words = vec!["curl".to_owned()];
    if method != "GET" {
        words.push(format!("-X {method}"));
    }
    words.push(quoted(url));
    // In double quotes, so that the shell puts the key in.
    words.push("-H \"X-API-Key: $PILOTHOUSE_KEY\"".to_owned());
    if let Some(revision) = revision {
        words.push(format!("-H {}", quoted(&format!("If-Match: {revision}"))));
    }
    if let Some(body) = body {
        words.push("-H 'Content-Type: application/json'".to_owned());
        words.push(format!("--data-raw {}", quoted(body)));
    }
    words.join(" \\\n  ")
}

/// A text as one word of a POSIX shell, which reads nothing in it.
pub fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::{prop_assert_eq, proptest};
    use std::process::Command;

    #[test]
    fn a_change_is_written_whole() {
        let url = "https://pilot.test/api/v1/orgs/acme/config/bulk";
        let body = r#"{"delete":["A"]}"#;
        let written = command("POST", url, Some("\"7\""), Some(body));
        let lines = [
            "curl \\",
            "  -X POST \\",
            "  'https://pilot.test/api/v1/orgs/acme/config/bulk' \\",
            "  -H \"X-API-Key: $PILOTHOUSE_KEY\" \\",
            "  -H 'If-Match: \"7\"' \\",
            "  -H 'Content-Type: application/json' \\",
            r#"  --data-raw '{"delete":["A"]}'"#,
        ];
        assert_eq!(written, lines.join("\n"));
    }

    #[test]
    fn a_question_has_neither_method_nor_body() {
        let written = command("GET", "http://x/", None, None);
        let lines = [
            "curl \\",
            "  'http://x/' \\",
            "  -H \"X-API-Key: $PILOTHOUSE_KEY\"",
        ];
        assert_eq!(written, lines.join("\n"));
    }

    proptest! {
        #![proptest_config(proptest::test_runner::Config::with_cases(32))]

        #[test]
        fn a_shell_reads_back_what_was_quoted(text in r#"[ -~\n'"$`\\!äß]{0,40}"#) {
            let script = format!("printf %s {}", quoted(&text));
            let output = Command::new("sh").args(["-c", &script]).output().unwrap();
            prop_assert_eq!(String::from_utf8(output.stdout).unwrap(), text);
        }
    }
}
