//! People, and who is invited to become one.

use chrono::{DateTime, Utc};
use sqlx::Row;
use sqlx::sqlite::SqliteRow;

use super::access::{GRANTS, Slugs, grant, insert_grant, insert_person, slugs};
use super::{Grant, Holder, Owner, Store, StoreResult};

/// Somebody with the roles that they have in an org and on the platform as a whole.
#[derive(Clone, Debug)]
pub(crate) struct PersonRow {
    pub(crate) id: String,
    pub(crate) name: String,
    /// In lower case.
    pub(crate) email: Option<String>,
    pub(crate) created: DateTime<Utc>,
    /// When one of their sessions was last used.
    pub(crate) seen: Option<DateTime<Utc>>,
    pub(crate) grants: Vec<(String, Slugs)>,
}

/// An invitation as it is stored.
#[derive(Clone, Debug)]
pub(crate) struct InvitationRow {
    pub(crate) id: String,
    pub(crate) name: String,
    /// In lower case.
    pub(crate) email: Option<String>,
    pub(crate) created: DateTime<Utc>,
    pub(crate) created_by: String,
    pub(crate) expires: DateTime<Utc>,
}

impl Store {
    /// Everybody who has a role in an org, by name; with `person`, that one alone.
    pub(crate) async fn people(
        &self,
        org_id: &str,
        person: Option<&str>,
    ) -> StoreResult<Vec<PersonRow>> {
        let query = format!(
            "SELECT people.id, people.name, people.email, people.created, given.role, given.org,
                    given.project, given.environment,
                    (SELECT MAX(seen) FROM sessions WHERE sessions.person_id = people.id) AS seen
             FROM people JOIN ({GRANTS}) AS given ON given.person_id = people.id
             WHERE people.id IN (SELECT person_id FROM grants WHERE org_id = ?1)
                   AND (given.org_id IS NULL OR given.org_id = ?1)
                   AND (?2 IS NULL OR people.id = ?2)
             ORDER BY people.name, people.id, given.org, given.project, given.environment"
        );
        let rows = sqlx::query(sqlx::AssertSqlSafe(query))
            .bind(org_id)
            .bind(person)
            .fetch_all(&self.reader)
            .await?;
        let mut people: Vec<PersonRow> = Vec::new();
        for row in &rows {
            let id: String = row.get("id");
            if people.last().is_none_or(|last| last.id != id) {
                people.push(PersonRow {
                    id,
                    name: row.get("name"),
                    email: row.get("email"),
                    created: row.get("created"),
                    seen: row.get("seen"),
                    grants: Vec::new(),
                });
            }
            if let Some(last) = people.last_mut() {
                last.grants.push((row.get("role"), slugs(row)));
            }
        }
        Ok(people)
    }

    /// Whether somebody has a role outside an org.
    pub(crate) async fn has_role_outside(&self, person: &str, org_id: &str) -> StoreResult<bool> {
        Ok(sqlx::query_scalar(
            "SELECT EXISTS (SELECT 1 FROM grants WHERE person_id = ? AND org_id IS NOT ?)",
        )
        .bind(person)
        .bind(org_id)
        .fetch_one(&self.reader)
        .await?)
    }

    pub(crate) async fn rename_person(&self, id: &str, name: &str) -> StoreResult<()> {
        self.alone(
            sqlx::query("UPDATE people SET name = ? WHERE id = ?")
                .bind(name)
                .bind(id),
        )
        .await?;
        Ok(())
    }

    /// Gives somebody another address, or none.
    pub(crate) async fn set_email(&self, id: &str, email: Option<&str>) -> StoreResult<()> {
        self.alone(
            sqlx::query("UPDATE people SET email = ? WHERE id = ?")
                .bind(email)
                .bind(id),
        )
        .await?;
        Ok(())
    }

    /// Puts these in the place of all roles that somebody has in an org. Who has none anywhere is
    /// forgotten, with their sessions.
    pub(crate) async fn replace_grants(
        &self,
        person: &str,
        org_id: &str,
        grants: &[Grant],
    ) -> StoreResult<()> {
        let mut change = self.begin().await?;
        sqlx::query("DELETE FROM grants WHERE person_id = ? AND org_id = ?")
            .bind(person)
            .bind(org_id)
            .execute(&mut *change)
            .await?;
        let owner = Owner::Person(person.to_owned());
        for grant in grants {
            insert_grant(&mut change, &owner, grant).await?;
        }
        sqlx::query(
            "DELETE FROM people WHERE id = ?1
             AND NOT EXISTS (SELECT 1 FROM grants WHERE person_id = ?1)",
        )
        .bind(person)
        .execute(&mut *change)
        .await?;
        Ok(change.commit().await?)
    }

    /// Adds a link that signs somebody in once.
    pub(crate) async fn insert_sign_in_token(
        &self,
        hash: &[u8],
        person: &str,
        expires: DateTime<Utc>,
    ) -> StoreResult<()> {
        self.alone(
            sqlx::query("INSERT INTO sign_in_tokens (hash, person_id, expires) VALUES (?, ?, ?)")
                .bind(hash)
                .bind(person)
                .bind(expires),
        )
        .await?;
        Ok(())
    }

    pub(crate) async fn insert_invitation(
        &self,
        row: &InvitationRow,
        grant: &Grant,
        hash: &[u8],
    ) -> StoreResult<()> {
        self.alone(sqlx::query(
            "INSERT INTO invitations (id, hash, name, email, org_id, project_id, environment_id, role,
                                      created, created_by, expires)
             VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        )
        .bind(&row.id)
        .bind(hash)
        .bind(&row.name)
        .bind(&row.email)
        .bind(&grant.spot.org)
        .bind(&grant.spot.project)
        .bind(&grant.spot.environment)
        .bind(&grant.role)
        .bind(row.created)
        .bind(&row.created_by)
        .bind(row.expires)).await?;
        Ok(())
    }

    /// Invitations to an org that can still be taken up, the newest first.
    pub(crate) async fn invitations(
        &self,
        org_id: &str,
        now: DateTime<Utc>,
    ) -> StoreResult<Vec<(InvitationRow, String, Slugs)>> {
        let rows = sqlx::query(
            "SELECT invitations.*, orgs.slug AS org, projects.slug AS project,
                    environments.slug AS environment
             FROM invitations JOIN orgs ON orgs.id = invitations.org_id
             LEFT JOIN projects ON projects.id = invitations.project_id
             LEFT JOIN environments ON environments.id = invitations.environment_id
             WHERE invitations.org_id = ? AND expires > ?
             ORDER BY invitations.created DESC, invitations.id",
        )
        .bind(org_id)
        .bind(now)
        .fetch_all(&self.reader)
        .await?;
        let told = |row: &SqliteRow| (invitation(row), row.get("role"), slugs(row));
        Ok(rows.iter().map(told).collect())
    }

    /// Takes an invitation back. `false`: there is none such.
    pub(crate) async fn delete_invitation(&self, org_id: &str, id: &str) -> StoreResult<bool> {
        let done = self
            .alone(
                sqlx::query("DELETE FROM invitations WHERE id = ? AND org_id = ?")
                    .bind(id)
                    .bind(org_id),
            )
            .await?;
        Ok(done.rows_affected() > 0)
    }

    /// Takes an invitation up: whoever is invited becomes a person, with this id. `None`: there is
    /// none such, or not any more.
    pub(crate) async fn take_invitation(
        &self,
        hash: &[u8],
        person_id: String,
        now: DateTime<Utc>,
    ) -> StoreResult<Option<Holder>> {
        let mut change = self.begin().await?;
        let taken =
            sqlx::query("DELETE FROM invitations WHERE hash = ? AND expires > ? RETURNING *")
                .bind(hash)
                .bind(now)
                .fetch_optional(&mut *change)
                .await?;
        let Some(taken) = taken else {
            return Ok(None);
        };
        let holder = Holder {
            owner: Owner::Person(person_id),
            name: taken.get("name"),
            grants: grant(&taken).into_iter().collect(),
        };
        let email: Option<String> = taken.get("email");
        insert_person(&mut change, &holder, email.as_deref(), now).await?;
        change.commit().await?;
        Ok(Some(holder))
    }
}

fn invitation(row: &SqliteRow) -> InvitationRow {
    InvitationRow {
        id: row.get("id"),
        name: row.get("name"),
        email: row.get("email"),
        created: row.get("created"),
        created_by: row.get("created_by"),
        expires: row.get("expires"),
    }
}
