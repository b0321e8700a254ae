//! The platform itself, and who is signed in.

use super::endpoint;
use crate::meta::Meta;
use crate::path::NoParams;
use crate::session::{Done, Session, SignIn};

endpoint! {
    /// What the platform is and can do.
    pub struct GetMeta = "meta.get";
    Get "/meta" (NoParams) -> Meta;
    access: Public,
}

endpoint! {
    /// Who is signed in.
    pub struct GetSession = "session.get";
    Get "/auth/session" (NoParams) -> Session;
    access: SignedIn,
}

endpoint! {
    /// Signs a browser in with a key or a one-time token, and sets the session cookie.
    pub struct SignInSession = "session.create";
    Post "/auth/session" (NoParams) -> Session;
    body: Required SignIn,
    success: 201,
    access: Public,
}

endpoint! {
    /// Signs the browser out.
    pub struct SignOutSession = "session.delete";
    Delete "/auth/session" (NoParams) -> Done;
    access: SignedIn,
}

endpoint! {
    /// Signs out in every browser.
    pub struct SignOutEverywhere = "session.delete-all";
    Delete "/auth/sessions" (NoParams) -> Done;
    access: SignedIn,
}
