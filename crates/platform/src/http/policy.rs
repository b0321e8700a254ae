//! What a browser may do with what it was sent: on the console's page run what the page itself holds,
//! elsewhere nothing.

use std::collections::BTreeSet;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::SystemTime;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use html5gum::emitters::default::DefaultEmitter;
use html5gum::{StartTag, Token, Tokenizer};
use http::HeaderValue;
use sha2::{Digest, Sha256};

/// For all that is no page: opened by itself it loads and runs nothing.
pub(super) const NOTHING: HeaderValue = HeaderValue::from_static(
    "default-src 'none'; frame-ancestors 'none'; base-uri 'self'; object-src 'none'; form-action 'self'",
);

/// The policy of the page in a file, made anew when the file is another one. Cheap to clone.
#[derive(Clone)]
pub(super) struct Policy {
    file: Arc<Path>,
    known: Arc<Mutex<Option<(Stamp, HeaderValue)>>>,
}

/// By what a file is known to be the same.
type Stamp = (Option<SystemTime>, u64);

impl Policy {
    pub(super) fn of(file: PathBuf) -> Self {
        Self {
            file: file.into(),
            known: Arc::default(),
        }
    }

    /// The policy of the page as it is now. A page that can't be read may do nothing.
    pub(super) async fn header(&self) -> HeaderValue {
        self.read().await.unwrap_or(NOTHING)
    }

    async fn read(&self) -> io::Result<HeaderValue> {
        let data = tokio::fs::metadata(&self.file).await?;
        let stamp = (data.modified().ok(), data.len());
        if let Some((known, header)) = &*self.known.lock().unwrap_or_else(PoisonError::into_inner)
            && *known == stamp
        {
            return Ok(header.clone());
        }
        let page = tokio::fs::read_to_string(&self.file).await?;
        let header = header_of(&page);
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        *known = Some((stamp, header.clone()));
        Ok(header)
    }
}

/// The policy under which a page works and no script or style that somebody smuggles into it: its
/// own ones are named by their hashes. It may call any platform, as people connect it to others.
fn header_of(page: &str) -> HeaderValue {
    let scripts = sources(&inline(page, b"script"));
    let styles = sources(&inline(page, b"style"));
    let policy = format!(
        "default-src 'none'; \
         script-src 'self' 'wasm-unsafe-eval'{scripts}; \
         style-src 'self'{styles}; \
         img-src 'self'; manifest-src 'self'; connect-src 'self' http: https:; \
         frame-ancestors 'none'; base-uri 'self'; object-src 'none'; form-action 'self'"
    );
    // Hashes in Base64 hold nothing that a header could not.
    HeaderValue::from_str(&policy).unwrap_or(NOTHING)
}

fn sources(texts: &BTreeSet<Vec<u8>>) -> String {
    let hash = |text| BASE64_STANDARD.encode(Sha256::digest(text));
    let texts = texts.iter();
    texts
        .map(|text| format!(" 'sha256-{}'", hash(text)))
        .collect()
}

/// What stands between the tags of a name, each text once, as the browser sees it.
fn inline(page: &str, name: &[u8]) -> BTreeSet<Vec<u8>> {
    let mut emitter = DefaultEmitter::default();
    emitter.naively_switch_states(true);
    let mut texts = BTreeSet::new();
    let mut open: Option<Vec<u8>> = None;
    for token in Tokenizer::new_with_emitter(page, emitter) {
        let Ok(token) = token;
        match token {
            Token::StartTag(tag) if *tag.name == name && !is_fetched(&tag) => {
                open = Some(Vec::new());
            }
            Token::String(text) => {
                if let Some(open) = &mut open {
                    open.extend_from_slice(&text);
                }
            }
            Token::EndTag(tag) if *tag.name == name => texts.extend(open.take()),
            _ => {}
        }
    }
    texts
}

fn is_fetched(tag: &StartTag<()>) -> bool {
    tag.attributes.contains_key(&b"src"[..])
}

#[cfg(test)]
mod tests {
    use super::*;

    const PAGE: &str = "<!doctype html><title>Console</title><!-- <script>not one</script> -->\
        <script>alert(1)</script><SCRIPT type=module>let a = '<b>';\r\n</SCRIPT>\
        <script src=/a.js></script><style>b{}</style><p>text</p>";

    fn sha(text: &str) -> String {
        format!(
            "'sha256-{}'",
            BASE64_STANDARD.encode(Sha256::digest(text.as_bytes()))
        )
    }

    #[test]
    fn what_the_page_holds_is_named_and_nothing_else() {
        let header = header_of(PAGE);
        let header = header.to_str().unwrap();
        for text in ["alert(1)", "let a = '<b>';\n", "b{}"] {
            assert!(header.contains(&sha(text)), "{text}: {header}");
        }
        assert_eq!(header.matches("'sha256-").count(), 3, "{header}");
        assert!(!header.contains("unsafe-inline") && !header.contains("'unsafe-eval'"));
        // The one that RFC 6234 and every browser agree about.
        let known = "'sha256-bhHHL3z2vDgxUt0W3dWQOrprscmda2Y5pLsLg4GF+pI='";
        assert!(header.contains(known), "{header}");
    }

    #[tokio::test]
    async fn another_page_has_another_policy() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("index.html");
        std::fs::write(&file, PAGE).unwrap();
        let policy = Policy::of(file.clone());
        let first = policy.header().await;
        assert_eq!(first, policy.header().await);
        std::fs::write(&file, "<script>more()</script>").unwrap();
        let second = policy.header().await;
        assert!(second.to_str().unwrap().contains(&sha("more()")));
        assert!(!second.to_str().unwrap().contains(&sha("alert(1)")));
        std::fs::remove_file(&file).unwrap();
        assert_eq!(policy.header().await, NOTHING);
    }
}
