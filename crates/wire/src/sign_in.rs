//! Signing in at a provider of identities: where it begins, and how it can end elsewhere than inside.

use serde::{Deserialize, Serialize};

use crate::open::words;

/// A provider of identities that a platform trusts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Provider {
    /// What people call it.
    pub name: String,
    /// The address that a browser goes to, with where it wants to end up in this console as `next`.
    pub url: String,
}

words! {
    /// Why nobody was let in: `refused` in the address of the page for signing in.
    pub enum Refusal {
        /// They turned back at the provider.
        Cancelled = "cancelled",
        /// The provider does not answer.
        ProviderUnavailable = "provider_unavailable",
        /// The provider answered with what can't be trusted or understood.
        ProviderFailed = "provider_failed",
        /// It took too long, was used before, or was begun in another browser.
        Expired = "expired",
        /// The provider does not vouch for an e-mail address of theirs.
        Unverified = "unverified",
        /// Nobody has invited them, or they were removed.
        NotInvited = "not_invited",
        /// The address belongs to somebody who has another account, or to several people.
        AddressTaken = "address_taken",
        /// Too many attempts came from the same network.
        TooManyAttempts = "too_many_attempts",
        /// The platform failed.
        Failed = "failed",
    }
}

/// The parameter of the page for signing in that holds a [`Refusal`].
pub const REFUSED: &str = "refused";
