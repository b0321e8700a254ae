//! People of an org: who they are, what they may do, how they come in.

use chrono::{TimeDelta, Utc};
use pilothouse_wire::action::Reason;
use pilothouse_wire::email::Email;
use pilothouse_wire::error::FieldErrors;
use pilothouse_wire::open::Words;
use pilothouse_wire::path::Place;
use pilothouse_wire::person::{
    Invitation, InvitationCreate, Person, PersonPatch, RoleAt, SignInLink,
};
use pilothouse_wire::session::{Grant as SessionGrant, Role};
use uuid::Uuid;

use super::{Actor, SIGN_IN_LINK, hash, secret, told_grant};
use crate::domain::tags::{self, Tagged as _};
use crate::domain::{Error, Platform, Result, audit};
use crate::store::{Grant, InvitationRow, Owner, PersonRow, Spot};

/// How long an invitation can be taken up.
const INVITATION: TimeDelta = TimeDelta::days(7);

impl Platform {
    pub(crate) async fn list_people(&self, actor: &Actor) -> Result<Vec<Person>> {
        let people = self.store.people(actor.org(), None).await?;
        Ok(people.into_iter().map(told_person).collect())
    }

    pub(crate) async fn update_person(
        &self,
        actor: &Actor,
        id: &str,
        patch: PersonPatch,
        expected: Option<&str>,
    ) -> Result<Person> {
        let _changing = self.changing.lock().await;
        let before = self.find_person(actor, id).await?;
        tags::check(expected, &before.tag())?;
        if let Some(grants) = &patch.grants {
            refuse_own(actor, id)?;
            refuse_above(actor, &before)?;
            let mut wanted: Vec<Grant> = Vec::with_capacity(grants.len());
            for (index, at) in grants.iter().enumerate() {
                let field = format!("grants.{index}");
                let grant = self.grant_at(actor, at, &field).await?;
                if wanted.iter().any(|other| other.spot == grant.spot) {
                    let words = "There is another role at this place already.";
                    return Err(Error::Invalid(FieldErrors::one(&field, words)));
                }
                wanted.push(grant);
            }
            self.store.replace_grants(id, actor.org(), &wanted).await?;
        }
        if let Some(name) = &patch.name {
            self.refuse_outside(actor, id).await?;
            self.store.rename_person(id, name.as_str()).await?;
        }
        if !patch.email.is_keep() {
            self.refuse_outside(actor, id).await?;
            let mut email = before.email.clone();
            patch.email.map(|email| email.canonical()).apply(&mut email);
            self.store.set_email(id, email.as_deref()).await?;
        }
        let after = self.find_person(actor, id).await?;
        audit::note("email", before.email, after.email.clone());
        audit::note("name", Some(before.name), Some(after.name.clone()));
        audit::note(
            "roles",
            Some(in_words(&before.grants)),
            Some(in_words(&after.grants)),
        );
        Ok(after)
    }

    pub(crate) async fn remove_person(&self, actor: &Actor, id: &str) -> Result<()> {
        let person = self.find_person(actor, id).await?;
        refuse_own(actor, id)?;
        refuse_above(actor, &person)?;
        self.store.replace_grants(id, actor.org(), &[]).await?;
        audit::note("name", Some(person.name), None);
        audit::note("roles", Some(in_words(&person.grants)), None);
        Ok(())
    }

    /// A link that signs somebody in once. Whoever holds it can do what they can, so who may make
    /// it must be able to do all that too.
    pub(crate) async fn sign_in_link(&self, actor: &Actor, id: &str) -> Result<SignInLink> {
        let _changing = self.changing.lock().await;
        let person = self.find_person(actor, id).await?;
        self.refuse_outside(actor, id).await?;
        let (token, expires) = (secret("pht_"), Utc::now() + SIGN_IN_LINK);
        self.store
            .insert_sign_in_token(&hash(&token), id, expires)
            .await?;
        audit::note("for", None, Some(person.name.clone()));
        Ok(SignInLink {
            name: person.name,
            token,
            expires: Some(expires),
        })
    }

    pub(crate) async fn list_invitations(&self, actor: &Actor) -> Result<Vec<Invitation>> {
        let rows = self.store.invitations(actor.org(), Utc::now()).await?;
        let told = rows.into_iter().map(|(row, role, at)| Invitation {
            id: row.id,
            name: row.name,
            email: row.email,
            grant: told_grant(&role, at),
            created_by: row.created_by,
            created: Some(row.created),
            expires: Some(row.expires),
        });
        Ok(told.collect())
    }

    pub(crate) async fn invite(
        &self,
        actor: &Actor,
        invitation: InvitationCreate,
    ) -> Result<SignInLink> {
        let grant = self.grant_at(actor, &invitation.at, "").await?;
        let now = Utc::now();
        let row = InvitationRow {
            id: Uuid::new_v4().to_string(),
            name: invitation.name.to_string(),
            email: invitation.email.as_ref().map(Email::canonical),
            created: now,
            created_by: actor.name().to_owned(),
            expires: now + INVITATION,
        };
        let token = secret("phi_");
        self.store
            .insert_invitation(&row, &grant, &hash(&token))
            .await?;
        audit::note("name", None, Some(row.name.clone()));
        audit::note("email", None, row.email);
        audit::note("role", None, Some(role_in_words(&invitation.at)));
        Ok(SignInLink {
            name: row.name,
            token,
            expires: Some(row.expires),
        })
    }

    pub(crate) async fn take_back_invitation(&self, actor: &Actor, id: &str) -> Result<()> {
        if self.store.delete_invitation(actor.org(), id).await? {
            return Ok(());
        }
        Err(not_found("invitation", id))
    }

    /// The grant that is asked for, in the org that is called. `field`: where the request has it.
    pub(super) async fn grant_at(&self, actor: &Actor, at: &RoleAt, field: &str) -> Result<Grant> {
        let place = Place {
            org: Some(actor.org()),
            project: at.project.as_deref(),
            environment: at.environment.as_deref(),
        };
        let spot = self.find_spot(actor, place).await.map_err(|error| {
            let words = error.to_string();
            match error {
                Error::NotFound { what, .. } | Error::Hidden { what, .. } => {
                    let path = match field {
                        "" => what.to_owned(),
                        field => format!("{field}.{what}"),
                    };
                    Error::Invalid(FieldErrors::one(&path, words))
                }
                other => other,
            }
        })?;
        Ok(Grant {
            role: at.role.word().to_owned(),
            spot,
        })
    }

    pub(crate) async fn find_person(&self, actor: &Actor, id: &str) -> Result<Person> {
        let found = self.store.people(actor.org(), Some(id)).await?;
        let person = found.into_iter().next().map(told_person);
        person.ok_or_else(|| not_found("person", id))
    }

    /// Refuses what reaches beyond the org to whoever is an admin only within it.
    async fn refuse_outside(&self, actor: &Actor, person: &str) -> Result<()> {
        let whole = actor.role_at(&Spot::default());
        if whole == Some(Role::Admin) || !self.store.has_role_outside(person, actor.org()).await? {
            return Ok(());
        }
        Err(Error::WrongState(Reason::ABOVE_THE_ORG))
    }
}

/// `admin of acme, viewer of acme/shop`
pub(super) fn in_words(grants: &[SessionGrant]) -> String {
    let words = grants.iter().map(|grant| {
        let place = [&grant.org, &grant.project, &grant.environment];
        let place: Vec<&str> = place.into_iter().flatten().map(String::as_str).collect();
        match place.as_slice() {
            [] => format!("{} of the platform", grant.role),
            place => format!("{} of {}", grant.role, place.join("/")),
        }
    });
    words.collect::<Vec<_>>().join(", ")
}

/// `viewer`, `member of shop/staging`
pub(super) fn role_in_words(at: &RoleAt) -> String {
    let place: Vec<&str> = [&at.project, &at.environment]
        .into_iter()
        .flatten()
        .map(String::as_str)
        .collect();
    match place.as_slice() {
        [] => at.role.to_string(),
        place => format!("{} of {}", at.role, place.join("/")),
    }
}

fn refuse_own(actor: &Actor, person: &str) -> Result<()> {
    if actor.holder.owner == Owner::Person(person.to_owned()) {
        return Err(Error::WrongState(Reason::OWN_ROLES));
    }
    Ok(())
}

/// Refuses to let an admin within an org say what an admin of the whole platform may do there: the
/// nearest role would win.
fn refuse_above(actor: &Actor, person: &Person) -> Result<()> {
    let admin = Some(Role::Admin);
    let is_above = |grant: &SessionGrant| grant.org.is_none() && grant.role.known() == admin;
    if person.grants.iter().any(is_above) && actor.role_at(&Spot::default()) != admin {
        return Err(Error::WrongState(Reason::ABOVE_THE_ORG));
    }
    Ok(())
}

fn told_person(row: PersonRow) -> Person {
    let grants = row.grants.into_iter();
    Person {
        id: row.id,
        name: row.name,
        email: row.email,
        grants: grants.map(|(role, at)| told_grant(&role, at)).collect(),
        created: Some(row.created),
        seen: row.seen,
    }
}

pub(in crate::domain) fn not_found(what: &'static str, reference: &str) -> Error {
    Error::NotFound {
        what,
        reference: reference.chars().take(64).collect(),
    }
}
