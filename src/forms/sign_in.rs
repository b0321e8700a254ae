//! The way in by a provider of identities: the buttons that lead there, and why one of them led to no
//! session.

use leptos::prelude::*;
use leptos_router::params::ParamsMap;
use wire::open::Words;
use wire::sign_in::{Provider, REFUSED, Refusal};

use crate::components::button::ButtonLink;
use crate::components::feedback::Note;
use crate::reactive::{dynamic, memo};
use crate::state::tree::use_tree;

/// What to do about a refusal.
fn words(refusal: Option<Refusal>) -> &'static str {
    match refusal {
        Some(Refusal::Cancelled) => "You turned back at the provider. Nothing has changed.",
        Some(Refusal::ProviderUnavailable) => {
            "The provider does not answer just now. Try again in a moment, or sign in with a key or a link."
        }
        Some(Refusal::ProviderFailed) => {
            "What the provider answered can't be trusted. Try again; if it fails again, the platform's log tells why."
        }
        Some(Refusal::Expired) => {
            "This sign-in took too long, was used before, or began in another browser. Try again."
        }
        Some(Refusal::Unverified) => {
            "The provider does not vouch for an e-mail address of yours. Confirm it there, then try again."
        }
        Some(Refusal::NotInvited) => {
            "Nobody has invited the address of that account. Ask an admin for an invitation, or use another account."
        }
        Some(Refusal::AddressTaken) => {
            "The address of that account belongs to somebody with another account, or to several people here. Ask an admin."
        }
        Some(Refusal::TooManyAttempts) => {
            "Too many attempts came from your network. Try again in a minute."
        }
        Some(Refusal::Failed) | None => {
            "The sign-in failed. Try again; if it fails again, the platform's log tells why."
        }
    }
}

/// Where a button leads: nowhere but to a page of the web, whatever a platform says.
fn address(provider: &Provider, next: Option<&str>) -> Option<String> {
    let is_page = ["https://", "http://"];
    let url = &provider.url;
    if !is_page.iter().any(|scheme| url.starts_with(scheme)) {
        return None;
    }
    Some(match next {
        Some(next) => {
            let mut query = ParamsMap::new();
            query.insert("next", next.to_owned());
            format!("{url}{}", query.to_query_string())
        }
        None => url.clone(),
    })
}

/// Why a provider led to no session, if the address says so.
#[component]
pub fn ProviderRefusal(query: Memo<ParamsMap>) -> impl IntoView {
    let refused = memo(move || query.with(|query| query.get(REFUSED)));
    dynamic(move || {
        let told = refused.get().map(|word| {
            let words = words(Refusal::from_word(&word));
            view! {
                <Note bad=true>
                    <span class="grow">{words}</span>
                </Note>
            }
        });
        told.into_any()
    })
}

/// A button for each provider that the platform trusts; none, nothing. Each leads to where the address
/// says that the person wanted to be.
#[component]
pub fn ProviderButtons(query: Memo<ParamsMap>) -> impl IntoView {
    let meta = use_tree().meta;
    let next = memo(move || query.with(|query| query.get("next")));
    let providers = memo(move || {
        meta.get()
            .map(|meta| meta.sign_in.clone())
            .unwrap_or_default()
    });
    dynamic(move || {
        let next = next.get();
        let buttons = providers.get().into_iter().filter_map(|provider| {
            let href = address(&provider, next.as_deref())?;
            let label = format!("Sign in with {}", provider.name);
            Some(view! { <ButtonLink label href=Signal::stored(href) leaves=true /> })
        });
        buttons.collect_view().into_any()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_button_leads_to_a_page_of_the_web_alone() {
        let provider = |url: &str| Provider {
            name: "Acme".into(),
            url: url.into(),
        };
        let good = provider("https://a.example/start");
        assert_eq!(address(&good, None), Some("https://a.example/start".into()));
        for bad in ["javascript:alert(1)", "data:text/html,x", "/start", ""] {
            assert_eq!(address(&provider(bad), Some("/")), None, "{bad}");
        }
    }

    #[test]
    fn every_refusal_has_words_of_its_own() {
        let known = Refusal::ALL.iter().map(|refusal| words(Some(*refusal)));
        let distinct: std::collections::BTreeSet<_> = known.collect();
        assert_eq!(distinct.len(), Refusal::ALL.len());
    }
}
