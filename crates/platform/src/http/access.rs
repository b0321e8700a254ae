//! People, invitations, keys and the audit.

use pilothouse_wire::endpoints::{
    CreateInvitation, CreateKey, CreateSignInLink, DeleteInvitation, GetAudit, GetOrgAudit,
    GetPerson, ListInvitations, ListKeys, ListPeople, RemovePerson, RevokeKey, UpdatePerson,
};
use pilothouse_wire::session::Done;

use super::answer::Answer;
use super::call::Call;
use super::revision::{expected, tagged};

/// `GET /orgs/{org}/people`
pub(super) async fn people(call: Call<ListPeople>) -> Answer<ListPeople> {
    Ok(call.platform().list_people(call.caller()?).await?.into())
}

/// `GET /orgs/{org}/people/{person}`
pub(super) async fn person(call: Call<GetPerson>) -> Answer<GetPerson> {
    let (platform, actor) = (call.platform(), call.caller()?);
    Ok(tagged(
        platform.find_person(actor, &call.params.person).await?,
    ))
}

/// `PATCH /orgs/{org}/people/{person}`
pub(super) async fn update_person(call: Call<UpdatePerson>) -> Answer<UpdatePerson> {
    let (platform, actor, expected) = (call.platform(), call.caller()?, expected(&call));
    let patch = call.body.clone();
    let person = platform.update_person(actor, &call.params.person, patch, expected.as_deref());
    Ok(tagged(person.await?))
}

/// `DELETE /orgs/{org}/people/{person}`
pub(super) async fn remove_person(call: Call<RemovePerson>) -> Answer<RemovePerson> {
    let (platform, actor) = (call.platform(), call.caller()?);
    platform.remove_person(actor, &call.params.person).await?;
    Ok(Done::OK.into())
}

/// `POST /orgs/{org}/people/{person}/sign-in-link`
pub(super) async fn sign_in_link(call: Call<CreateSignInLink>) -> Answer<CreateSignInLink> {
    let (platform, actor) = (call.platform(), call.caller()?);
    let link = platform.sign_in_link(actor, &call.params.person).await?;
    Ok(link.into())
}

/// `GET /orgs/{org}/invitations`
pub(super) async fn invitations(call: Call<ListInvitations>) -> Answer<ListInvitations> {
    let (platform, actor) = (call.platform(), call.caller()?);
    Ok(platform.list_invitations(actor).await?.into())
}

/// `POST /orgs/{org}/invitations`
pub(super) async fn invite(call: Call<CreateInvitation>) -> Answer<CreateInvitation> {
    let (platform, actor) = (call.platform(), call.caller()?);
    Ok(platform.invite(actor, call.body.clone()).await?.into())
}

/// `DELETE /orgs/{org}/invitations/{invitation}`
pub(super) async fn take_back(call: Call<DeleteInvitation>) -> Answer<DeleteInvitation> {
    let (platform, actor) = (call.platform(), call.caller()?);
    let taken = platform.take_back_invitation(actor, &call.params.invitation);
    taken.await?;
    Ok(Done::OK.into())
}

/// `GET /orgs/{org}/keys`
pub(super) async fn keys(call: Call<ListKeys>) -> Answer<ListKeys> {
    Ok(call.platform().list_keys(call.caller()?).await?.into())
}

/// `POST /orgs/{org}/keys`
pub(super) async fn make_key(call: Call<CreateKey>) -> Answer<CreateKey> {
    let (platform, actor) = (call.platform(), call.caller()?);
    Ok(platform.make_key(actor, call.body.clone()).await?.into())
}

/// `DELETE /orgs/{org}/keys/{key}`
pub(super) async fn revoke_key(call: Call<RevokeKey>) -> Answer<RevokeKey> {
    let (platform, actor) = (call.platform(), call.caller()?);
    platform.revoke_key(actor, &call.params.key).await?;
    Ok(Done::OK.into())
}

/// `GET /orgs/{org}/audit`
pub(super) async fn org_audit(call: Call<GetOrgAudit>) -> Answer<GetOrgAudit> {
    let (platform, actor) = (call.platform(), call.caller()?);
    Ok(platform.audit_log(actor, &call.query).await?.into())
}

/// `GET /audit`
pub(super) async fn audit(call: Call<GetAudit>) -> Answer<GetAudit> {
    let (platform, actor) = (call.platform(), call.caller()?);
    Ok(platform.audit_log(actor, &call.query).await?.into())
}
