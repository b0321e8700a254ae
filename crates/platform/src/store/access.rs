//! Roles by place, and one-time tokens: only hashes of what opens the door.

use chrono::{DateTime, Utc};
use pilothouse_wire::path::Place;
use sqlx::Row;
use sqlx::sqlite::SqliteRow;

use super::{Generation, Store, StoreResult};

/// A role at a place. What is absent is not narrowed down.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Grant {
    pub(crate) role: String,
    pub(crate) spot: Spot,
}

/// A place by ids: of what is absent, the platform as a whole.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct Spot {
    pub(crate) org: Option<String>,
    pub(crate) project: Option<String>,
    pub(crate) environment: Option<String>,
}

impl Spot {
    /// The same as a call names its place, by ids.
    pub(crate) fn place(&self) -> Place<'_> {
        Place {
            org: self.org.as_deref(),
            project: self.project.as_deref(),
            environment: self.environment.as_deref(),
        }
    }
}

/// Whose a credential is.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Owner {
    Person(String),
    Key(String),
}

impl Owner {
    pub(super) fn person(&self) -> Option<&str> {
        match self {
            Self::Person(id) => Some(id),
            Self::Key(_) => None,
        }
    }

    pub(super) fn key(&self) -> Option<&str> {
        match self {
            Self::Person(_) => None,
            Self::Key(id) => Some(id),
        }
    }
}

/// Who a credential belongs to, and what they may do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Holder {
    pub(crate) owner: Owner,
    pub(crate) name: String,
    pub(crate) grants: Vec<Grant>,
}

/// A place as addresses name it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Slugs {
    pub(crate) org: Option<String>,
    pub(crate) project: Option<String>,
    pub(crate) environment: Option<String>,
}

/// A role at each place where it was given, in the words of addresses.
pub(super) const GRANTS: &str = "SELECT grants.*, orgs.slug AS org, projects.slug AS project,
        environments.slug AS environment
     FROM grants
     LEFT JOIN orgs ON orgs.id = grants.org_id
     LEFT JOIN projects ON projects.id = grants.project_id
     LEFT JOIN environments ON environments.id = grants.environment_id";

pub(super) fn slugs(row: &SqliteRow) -> Slugs {
    Slugs {
        org: row.get("org"),
        project: row.get("project"),
        environment: row.get("environment"),
    }
}

/// The grant in a row that may hold none.
pub(super) fn grant(row: &SqliteRow) -> Option<Grant> {
    Some(Grant {
        role: row.get::<Option<String>, _>("role")?,
        spot: Spot {
            org: row.get("org_id"),
            project: row.get("project_id"),
            environment: row.get("environment_id"),
        },
    })
}

impl Store {
    /// Where somebody has a role, the widest places first.
    pub(crate) async fn grants_of(&self, owner: &Owner) -> StoreResult<Vec<(String, Slugs)>> {
        let query = format!(
            "{GRANTS} WHERE coalesce(person_id, key_id) = ?
             ORDER BY orgs.slug, projects.slug, environments.slug"
        );
        let id = owner.person().or(owner.key());
        let rows = sqlx::query(sqlx::AssertSqlSafe(query))
            .bind(id)
            .fetch_all(&self.reader)
            .await?;
        Ok(rows
            .iter()
            .map(|row| (row.get("role"), slugs(row)))
            .collect())
    }

    /// Whether anybody could sign in: a key or a person exists.
    pub(crate) async fn anybody(&self) -> StoreResult<bool> {
        Ok(sqlx::query_scalar(
            "SELECT EXISTS (SELECT 1 FROM keys) OR EXISTS (SELECT 1 FROM people)",
        )
        .fetch_one(&self.reader)
        .await?)
    }

    /// Puts a one-time token for the first admin in the place of all earlier ones.
    pub(crate) async fn replace_first_token(
        &self,
        hash: &[u8],
        expires: DateTime<Utc>,
    ) -> StoreResult<()> {
        let mut change = self.begin().await?;
        sqlx::query("DELETE FROM sign_in_tokens WHERE person_id IS NULL")
            .execute(&mut *change)
            .await?;
        sqlx::query("INSERT INTO sign_in_tokens (hash, expires) VALUES (?, ?)")
            .bind(hash)
            .bind(expires)
            .execute(&mut *change)
            .await?;
        Ok(change.commit().await?)
    }

    /// Takes a one-time token and tells whose it is: the first admin is made by it, as `first`.
    /// `None`: there is none such, or not any more.
    pub(crate) async fn take_sign_in_token(
        &self,
        hash: &[u8],
        first: &Holder,
        now: DateTime<Utc>,
    ) -> StoreResult<Option<Holder>> {
        let mut change = self.begin().await?;
        let taken = sqlx::query(
            "DELETE FROM sign_in_tokens WHERE hash = ? AND expires > ? RETURNING person_id",
        )
        .bind(hash)
        .bind(now)
        .fetch_optional(&mut *change)
        .await?;
        let Some(taken) = taken else {
            return Ok(None);
        };
        let holder = match taken.get::<Option<String>, _>("person_id") {
            Some(person) => person_holder(&mut change, &person).await?,
            None => {
                insert_person(&mut change, first, None, now).await?;
                Some(first.clone())
            }
        };
        change.commit().await?;
        Ok(holder)
    }

    /// The state of all that tells who may do what.
    pub(crate) async fn generation(&self) -> StoreResult<Generation> {
        self.known.generation().await
    }

    /// The ids behind the names of a place, in a state that was looked up before. What was named and is
    /// not there is absent.
    pub(crate) async fn spot(&self, place: Place<'_>, as_of: Generation) -> StoreResult<Spot> {
        let levels = [place.org, place.project, place.environment];
        let names = levels.map(|name| name.map(str::to_owned));
        if let Some(known) = self.known.places.get(&names, as_of) {
            return Ok(known);
        }
        let spot = self.read_spot(place).await?;
        if spot.place().depth() == place.depth() {
            self.known.places.keep(names, as_of, spot.clone());
        }
        Ok(spot)
    }

    async fn read_spot(&self, place: Place<'_>) -> StoreResult<Spot> {
        let row = sqlx::query(
            "WITH o AS (SELECT id FROM orgs WHERE id = ?1 OR slug = ?1
                        ORDER BY id = ?1 DESC LIMIT 1),
                  p AS (SELECT id FROM projects WHERE org_id = (SELECT id FROM o)
                        AND (id = ?2 OR slug = ?2) ORDER BY id = ?2 DESC LIMIT 1),
                  e AS (SELECT id FROM environments WHERE project_id = (SELECT id FROM p)
                        AND (id = ?3 OR slug = ?3) ORDER BY id = ?3 DESC LIMIT 1)
             SELECT (SELECT id FROM o) AS org_id, (SELECT id FROM p) AS project_id,
                    (SELECT id FROM e) AS environment_id",
        )
        .bind(place.org)
        .bind(place.project)
        .bind(place.environment)
        .fetch_one(&self.reader)
        .await?;
        Ok(Spot {
            org: row.get("org_id"),
            project: row.get("project_id"),
            environment: row.get("environment_id"),
        })
    }
}

pub(super) async fn insert_grant(
    change: &mut sqlx::SqliteConnection,
    owner: &Owner,
    grant: &Grant,
) -> StoreResult<()> {
    sqlx::query(
        "INSERT INTO grants (person_id, key_id, org_id, project_id, environment_id, role)
         VALUES (?, ?, ?, ?, ?, ?)",
    )
    .bind(owner.person())
    .bind(owner.key())
    .bind(&grant.spot.org)
    .bind(&grant.spot.project)
    .bind(&grant.spot.environment)
    .bind(&grant.role)
    .execute(change)
    .await?;
    Ok(())
}

pub(super) async fn insert_person(
    change: &mut sqlx::SqliteConnection,
    new: &Holder,
    email: Option<&str>,
    now: DateTime<Utc>,
) -> StoreResult<()> {
    sqlx::query("INSERT INTO people (id, name, email, created) VALUES (?, ?, ?, ?)")
        .bind(new.owner.person())
        .bind(&new.name)
        .bind(email)
        .bind(now)
        .execute(&mut *change)
        .await?;
    for grant in &new.grants {
        insert_grant(change, &new.owner, grant).await?;
    }
    Ok(())
}

pub(super) async fn person_holder(
    change: &mut sqlx::SqliteConnection,
    id: &str,
) -> StoreResult<Option<Holder>> {
    let rows = sqlx::query(
        "SELECT people.id, people.name, role, org_id, project_id, environment_id
         FROM people LEFT JOIN grants ON grants.person_id = people.id WHERE people.id = ?",
    )
    .bind(id)
    .fetch_all(change)
    .await?;
    Ok(rows.first().map(|first| Holder {
        owner: Owner::Person(first.get("id")),
        name: first.get("name"),
        grants: rows.iter().filter_map(grant).collect(),
    }))
}
