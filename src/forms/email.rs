//! The field for the address by which a provider of identities knows somebody.

use leptos::prelude::*;
use wire::email::Email;
use wire::error::FieldErrors;

use crate::components::field::TextField;
use crate::reactive::{When, memo};
use crate::state::tree::use_tree;

/// What was typed: an address, or none.
///
/// # Errors
/// The fault of the field.
pub fn address(text: &str) -> Result<Option<Email>, FieldErrors> {
    match text.trim() {
        "" => Ok(None),
        text => Email::new(text)
            .map(Some)
            .map_err(|words| FieldErrors::one("email", words)),
    }
}

/// The field, where the platform lets people in by a provider. Its own fault is told once it is left.
#[component]
pub fn EmailField(
    value: RwSignal<String>,
    /// What the platform said of it.
    #[prop(into)]
    sent: Signal<Vec<String>>,
) -> impl IntoView {
    let meta = use_tree().meta;
    let has_provider = move || meta.get().is_some_and(|meta| !meta.sign_in.is_empty());
    let left = RwSignal::new(false);
    let faults = memo(move || {
        let own = value.with(|text| address(text).err());
        let own = own.filter(|_| left.get());
        own.map_or_else(|| sent.get(), |errors| errors.of("email").to_vec())
    });
    view! {
        <When is=has_provider>
            <TextField
                label="E-mail"
                hint=Signal::stored(
                    "Optional: whoever signs in at the provider with it needs no link".to_owned(),
                )
                value
                faults
                on_blur=move |()| left.set(true)
                on_input=move |text| value.set(text)
            />
        </When>
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_typed_is_no_address() {
        assert_eq!(address("  "), Ok(None));
        assert!(address("ada@example.com").is_ok_and(|email| email.is_some()));
        assert_eq!(address("ada").unwrap_err().of("email").len(), 1);
    }
}
