//! Who may do what in an org, and who did: people, invitations, keys, the audit.

use super::endpoint;
use crate::audit::{Audit, AuditQuery};
use crate::key::{Key, KeyCreate, NewKey};
use crate::path::{InvitationParams, KeyParams, NoParams, OrgParams, PersonParams};
use crate::person::{Invitation, InvitationCreate, Person, PersonPatch, SignInLink};
use crate::session::Done;

endpoint! {
    /// Everybody who has a role in an org, by name.
    pub struct ListPeople = "person.list";
    Get "/orgs/{org}/people" (OrgParams) -> Vec<Person>;
    access: Admin,
}

endpoint! {
    /// Somebody who has a role in an org. The `ETag` is the revision that a change may ask for with `If-Match`.
    pub struct GetPerson = "person.get";
    Get "/orgs/{org}/people/{person}" (PersonParams) -> Person;
    access: Admin,
}

endpoint! {
    /// Changes what somebody is called, or what they may do in an org.
    pub struct UpdatePerson = "person.update";
    Patch "/orgs/{org}/people/{person}" (PersonParams) -> Person;
    body: Required PersonPatch,
    access: Admin,
}

endpoint! {
    /// Takes every role in an org from somebody. Who has none anywhere is signed out for good.
    pub struct RemovePerson = "person.remove";
    Delete "/orgs/{org}/people/{person}" (PersonParams) -> Done;
    access: Admin,
}

endpoint! {
    /// Makes a link that signs somebody in once, in another browser or after their session has ended.
    pub struct CreateSignInLink = "person.sign-in-link";
    Post "/orgs/{org}/people/{person}/sign-in-link" (PersonParams) -> SignInLink;
    success: 201,
    access: Admin,
}

endpoint! {
    /// Invitations that nobody has taken up yet, the newest first.
    pub struct ListInvitations = "invitation.list";
    Get "/orgs/{org}/invitations" (OrgParams) -> Vec<Invitation>;
    access: Admin,
}

endpoint! {
    /// Invites somebody with a role. The link is told this once.
    pub struct CreateInvitation = "invitation.create";
    Post "/orgs/{org}/invitations" (OrgParams) -> SignInLink;
    body: Required InvitationCreate,
    success: 201,
    access: Admin,
}

endpoint! {
    /// Takes an invitation back.
    pub struct DeleteInvitation = "invitation.delete";
    Delete "/orgs/{org}/invitations/{invitation}" (InvitationParams) -> Done;
    access: Admin,
}

endpoint! {
    /// Every key of an org, the newest first.
    pub struct ListKeys = "key.list";
    Get "/orgs/{org}/keys" (OrgParams) -> Vec<Key>;
    access: Admin,
}

endpoint! {
    /// Makes a key with a role in an org, a project or an environment. It is told this once.
    pub struct CreateKey = "key.create";
    Post "/orgs/{org}/keys" (OrgParams) -> NewKey;
    body: Required KeyCreate,
    success: 201,
    access: Admin,
}

endpoint! {
    /// Revokes a key: it opens nothing any more, and who signed in with it is signed out.
    pub struct RevokeKey = "key.revoke";
    Delete "/orgs/{org}/keys/{key}" (KeyParams) -> Done;
    access: Admin,
}

endpoint! {
    /// Who changed what in an org, and who was refused; the newest first.
    pub struct GetOrgAudit = "org.audit";
    Get "/orgs/{org}/audit" (OrgParams) -> Audit;
    query: AuditQuery,
    access: Admin,
}

endpoint! {
    /// The same of the whole platform, with credentials that opened nothing.
    pub struct GetAudit = "audit.list";
    Get "/audit" (NoParams) -> Audit;
    query: AuditQuery,
    access: Admin,
}
