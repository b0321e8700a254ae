//! Accounts at providers of identities, and whose they are.

use chrono::{DateTime, Utc};
use sqlx::Row;

use super::access::{grant, insert_grant, insert_person, person_holder};
use super::{Grant, Holder, Owner, Store, StoreResult};

/// An account that a provider vouches for.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Identity<'a> {
    pub(crate) issuer: &'a str,
    pub(crate) subject: &'a str,
    /// An address that is theirs, in lower case.
    pub(crate) email: Option<&'a str>,
}

/// Somebody who has come in by an account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Entered {
    pub(crate) holder: Holder,
    /// Whether the account has become theirs just now.
    pub(crate) linked: bool,
    /// What they were given just now.
    pub(crate) given: Vec<Grant>,
}

/// Why an account is nobody's here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stranger {
    /// It has no address that is theirs for sure.
    Unverified,
    /// Nobody invited that address.
    NotInvited,
    /// They were here and were removed.
    Removed,
    /// Whoever has that address has another account, or several people have it.
    AddressTaken,
}

impl Store {
    /// Whose an account is. At first it is found by its address: it becomes the account of the person
    /// who has that, or who is invited under it; where nobody is and `joins` is given, of a new one
    /// with that role. Open invitations of the address are taken up by whoever comes in.
    ///
    /// Whoever else had a way in as that person loses it when the account becomes theirs or they are
    /// given a role: an address does not prove who sits at other browsers.
    pub(crate) async fn enter(
        &self,
        identity: &Identity<'_>,
        joins: Option<&Grant>,
        new_id: String,
        now: DateTime<Utc>,
    ) -> StoreResult<Result<Entered, Stranger>> {
        let mut change = self.begin().await?;
        let known = known(&mut change, identity).await?;
        let (person, linked) = match (&known, identity.email) {
            (Account::Of(person), _) => (person.clone(), false),
            (_, None) => return Ok(Err(Stranger::Unverified)),
            (_, Some(email)) => {
                let found = match by_email(&mut change, identity.issuer, email).await? {
                    Ok(found) => found,
                    Err(stranger) => return Ok(Err(stranger)),
                };
                let person = match found {
                    Some(person) => person,
                    None => {
                        let new = NewPerson {
                            id: new_id,
                            email,
                            is_former: known == Account::OfNobody,
                            joins,
                        };
                        match new.insert(&mut change, now).await? {
                            Ok(person) => person,
                            Err(stranger) => return Ok(Err(stranger)),
                        }
                    }
                };
                link(&mut change, identity, &person, now).await?;
                (person, true)
            }
        };
        let given = match identity.email {
            Some(email) => take_invitations(&mut change, &person, email, now).await?,
            None => Vec::new(),
        };
        if linked || !given.is_empty() {
            end_other_ways(&mut change, &person).await?;
        }
        let holder = person_holder(&mut change, &person).await?;
        let Some(holder) = holder.filter(|holder| !holder.grants.is_empty()) else {
            return Ok(Err(Stranger::Removed));
        };
        change.commit().await?;
        Ok(Ok(Entered {
            holder,
            linked,
            given,
        }))
    }
}

/// Whose an account was until now.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Account {
    Of(String),
    /// Of somebody who was removed.
    OfNobody,
    New,
}

async fn known(
    change: &mut sqlx::SqliteConnection,
    identity: &Identity<'_>,
) -> StoreResult<Account> {
    let row = sqlx::query("SELECT person_id FROM identities WHERE issuer = ? AND subject = ?")
        .bind(identity.issuer)
        .bind(identity.subject)
        .fetch_optional(change)
        .await?;
    Ok(match row.map(|row| row.get("person_id")) {
        Some(Some(person)) => Account::Of(person),
        Some(None) => Account::OfNobody,
        None => Account::New,
    })
}

/// The one person with an address, if they have no account at the issuer yet.
async fn by_email(
    change: &mut sqlx::SqliteConnection,
    issuer: &str,
    email: &str,
) -> StoreResult<Result<Option<String>, Stranger>> {
    let rows = sqlx::query(
        "SELECT id, EXISTS (SELECT 1 FROM identities
                            WHERE person_id = people.id AND issuer = ?) AS has_account
         FROM people WHERE email = ?",
    )
    .bind(issuer)
    .bind(email)
    .fetch_all(change)
    .await?;
    Ok(match rows.as_slice() {
        [] => Ok(None),
        [row] if !row.get::<bool, _>("has_account") => Ok(Some(row.get("id"))),
        _ => Err(Stranger::AddressTaken),
    })
}

/// Somebody who was not here before.
struct NewPerson<'a> {
    id: String,
    email: &'a str,
    /// Whether the account was that of somebody who was removed.
    is_former: bool,
    joins: Option<&'a Grant>,
}

impl NewPerson<'_> {
    /// Adds them, if they are invited or may join.
    async fn insert(
        self,
        change: &mut sqlx::SqliteConnection,
        now: DateTime<Utc>,
    ) -> StoreResult<Result<String, Stranger>> {
        let invited = sqlx::query_scalar(
            "SELECT name FROM invitations WHERE email = ? AND expires > ?
             ORDER BY created DESC, id LIMIT 1",
        )
        .bind(self.email)
        .bind(now)
        .fetch_optional(&mut *change)
        .await?;
        let (name, grants) = match (invited, self.joins) {
            (Some(name), _) => (name, Vec::new()),
            (None, Some(grant)) => {
                if self.is_former || was_removed(change, self.email).await? {
                    return Ok(Err(Stranger::Removed));
                }
                // The address, which is theirs for sure, and no name that they gave themselves.
                (self.email.to_owned(), vec![grant.clone()])
            }
            (None, None) if self.is_former => return Ok(Err(Stranger::Removed)),
            (None, None) => return Ok(Err(Stranger::NotInvited)),
        };
        let holder = Holder {
            owner: Owner::Person(self.id.clone()),
            name,
            grants,
        };
        insert_person(change, &holder, Some(self.email), now).await?;
        Ok(Ok(self.id))
    }
}

async fn was_removed(change: &mut sqlx::SqliteConnection, email: &str) -> StoreResult<bool> {
    Ok(
        sqlx::query_scalar("SELECT EXISTS (SELECT 1 FROM former_emails WHERE email = ?)")
            .bind(email)
            .fetch_one(change)
            .await?,
    )
}

/// Makes an account somebody's.
async fn link(
    change: &mut sqlx::SqliteConnection,
    identity: &Identity<'_>,
    person: &str,
    now: DateTime<Utc>,
) -> StoreResult<()> {
    sqlx::query(
        "INSERT INTO identities (issuer, subject, person_id, created) VALUES (?, ?, ?, ?)
         ON CONFLICT (issuer, subject) DO UPDATE SET person_id = excluded.person_id",
    )
    .bind(identity.issuer)
    .bind(identity.subject)
    .bind(person)
    .bind(now)
    .execute(change)
    .await?;
    Ok(())
}

/// Takes the open invitations of an address up for somebody. One to a place where they have a role
/// changes nothing there, and none gives one to whoever has a role on the whole platform: what they
/// may do is not an org's to narrow down.
async fn take_invitations(
    change: &mut sqlx::SqliteConnection,
    person: &str,
    email: &str,
    now: DateTime<Utc>,
) -> StoreResult<Vec<Grant>> {
    let held = person_holder(change, person).await?;
    let mut held = held.map(|holder| holder.grants).unwrap_or_default();
    if held.iter().any(|grant| grant.spot.org.is_none()) {
        return Ok(Vec::new());
    }
    let rows = sqlx::query(
        "SELECT role, org_id, project_id, environment_id FROM invitations
         WHERE email = ? AND expires > ? ORDER BY created DESC, id",
    )
    .bind(email)
    .bind(now)
    .fetch_all(&mut *change)
    .await?;
    sqlx::query("DELETE FROM invitations WHERE email = ?")
        .bind(email)
        .execute(&mut *change)
        .await?;
    let owner = Owner::Person(person.to_owned());
    let mut given = Vec::new();
    for grant in rows.iter().filter_map(grant) {
        if held.iter().all(|other| other.spot != grant.spot) {
            insert_grant(change, &owner, &grant).await?;
            held.push(grant.clone());
            given.push(grant);
        }
    }
    Ok(given)
}

async fn end_other_ways(change: &mut sqlx::SqliteConnection, person: &str) -> StoreResult<()> {
    for way in [
        "DELETE FROM sessions WHERE person_id = ?",
        "DELETE FROM sign_in_tokens WHERE person_id = ?",
    ] {
        sqlx::query(way).bind(person).execute(&mut *change).await?;
    }
    Ok(())
}

#[cfg(test)]
mod tests;
