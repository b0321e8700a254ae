//! Whose an account is, by every way it can become somebody's.

use chrono::TimeDelta;
use tempfile::TempDir;

use super::*;
use crate::store::{InvitationRow, Spot};

const ISSUER: &str = "https://id.example";

struct World {
    store: Store,
    now: DateTime<Utc>,
    _folder: TempDir,
}

impl World {
    async fn new() -> Self {
        let folder = TempDir::new().unwrap();
        let store = Store::open(folder.path()).await.unwrap();
        for org in ["acme", "other"] {
            sqlx::query(
                "INSERT INTO orgs (id, name, slug, created, updated) VALUES (?1, ?1, ?1, '', '')",
            )
            .bind(org)
            .execute(&store.writer)
            .await
            .unwrap();
        }
        Self {
            store,
            now: Utc::now(),
            _folder: folder,
        }
    }

    async fn invite(&self, name: &str, email: &str, grant: &Grant, hash: &[u8]) {
        let row = InvitationRow {
            id: uuid::Uuid::new_v4().to_string(),
            name: name.to_owned(),
            email: Some(email.to_owned()),
            created: self.now,
            created_by: String::new(),
            expires: self.now + TimeDelta::days(1),
        };
        self.store
            .insert_invitation(&row, grant, hash)
            .await
            .unwrap();
    }

    async fn enter(
        &self,
        subject: &str,
        email: Option<&str>,
        joins: Option<&Grant>,
    ) -> Result<Entered, Stranger> {
        let identity = Identity {
            issuer: ISSUER,
            subject,
            email,
        };
        let id = uuid::Uuid::new_v4().to_string();
        let entered = self.store.enter(&identity, joins, id, self.now).await;
        entered.unwrap()
    }

    /// Lets somebody come in by the link of an invitation: their id.
    async fn come_by_link(&self, hash: &[u8]) -> String {
        let id = uuid::Uuid::new_v4().to_string();
        let taken = self.store.take_invitation(hash, id.clone(), self.now).await;
        assert!(taken.unwrap().is_some());
        id
    }

    async fn open_session(&self, person: &str, hash: &[u8]) {
        let owner = Owner::Person(person.to_owned());
        let ends = self.now + TimeDelta::days(1);
        let opened = self
            .store
            .insert_session(person, &owner, hash, self.now, ends);
        opened.await.unwrap();
    }

    async fn has_session(&self, hash: &[u8]) -> bool {
        let since = self.now - TimeDelta::days(1);
        self.store
            .session(hash, self.now, since)
            .await
            .unwrap()
            .0
            .is_some()
    }
}

fn role(role: &str, org: Option<&str>) -> Grant {
    Grant {
        role: role.to_owned(),
        spot: Spot {
            org: org.map(str::to_owned),
            ..Spot::default()
        },
    }
}

fn id(entered: &Entered) -> String {
    entered.holder.owner.person().unwrap().to_owned()
}

#[tokio::test]
async fn an_address_leads_to_an_account_once_and_then_the_account_alone_counts() {
    let world = World::new().await;
    world
        .invite("Ada", "ada@x", &role("viewer", Some("acme")), b"1")
        .await;
    world
        .invite("Ada", "ada@x", &role("member", Some("other")), b"2")
        .await;
    let first = world.enter("1", Some("ada@x"), None).await.unwrap();
    assert!(first.linked && first.given.len() == 2 && first.holder.name == "Ada");
    let again = world.enter("1", Some("lovelace@x"), None).await.unwrap();
    assert!(!again.linked && again.given.is_empty());
    assert_eq!(id(&again), id(&first));
    assert_eq!(id(&world.enter("1", None, None).await.unwrap()), id(&first));
    // Somebody else is given the address that was hers.
    let other = world.enter("2", Some("ada@x"), None).await;
    assert_eq!(other, Err(Stranger::AddressTaken));
    // What she is invited to later is hers too.
    world
        .invite("Ada", "ada@x", &role("admin", Some("acme")), b"3")
        .await;
    let later = world.enter("1", Some("ada@x"), None).await.unwrap();
    assert!(later.given.is_empty(), "she has a role there: {later:?}");
}

#[tokio::test]
async fn nobody_comes_in_who_was_not_invited_or_whom_nobody_vouches_for() {
    let world = World::new().await;
    world
        .invite("Ada", "ada@x", &role("viewer", Some("acme")), b"1")
        .await;
    assert_eq!(
        world.enter("1", None, None).await,
        Err(Stranger::Unverified)
    );
    let other = world.enter("1", Some("eve@x"), None).await;
    assert_eq!(other, Err(Stranger::NotInvited));
    let late = World {
        now: world.now + TimeDelta::days(2),
        ..world
    };
    let late = late.enter("1", Some("ada@x"), None).await;
    assert_eq!(late, Err(Stranger::NotInvited));
}

#[tokio::test]
async fn who_came_by_link_is_found_by_address_and_every_other_way_in_ends() {
    let world = World::new().await;
    world
        .invite("Ada", "ada@x", &role("viewer", Some("acme")), b"1")
        .await;
    let ada = world.come_by_link(b"1").await;
    world.open_session(&ada, b"of somebody else").await;
    let ends = world.now + TimeDelta::hours(1);
    let link = world.store.insert_sign_in_token(b"link", &ada, ends);
    link.await.unwrap();
    let entered = world.enter("1", Some("ada@x"), None).await.unwrap();
    assert!(entered.linked && id(&entered) == ada);
    assert!(!world.has_session(b"of somebody else").await);
    let taken = world
        .store
        .take_sign_in_token(b"link", &entered.holder, world.now);
    assert_eq!(taken.await.unwrap(), None);
    // From now on sessions are hers, and stay: until she is given more.
    world.open_session(&ada, b"hers").await;
    world.enter("1", Some("ada@x"), None).await.unwrap();
    assert!(world.has_session(b"hers").await);
    world
        .invite("Ada", "ada@x", &role("admin", Some("other")), b"2")
        .await;
    let more = world.enter("1", Some("ada@x"), None).await.unwrap();
    assert_eq!(more.given, [role("admin", Some("other"))]);
    assert!(!world.has_session(b"hers").await);
}

#[tokio::test]
async fn an_address_of_two_people_is_nobodys() {
    let world = World::new().await;
    for (org, hash) in [("acme", b"1"), ("other", b"2")] {
        world
            .invite("Ada", "ada@x", &role("viewer", Some(org)), hash)
            .await;
        world.come_by_link(hash).await;
    }
    let entered = world.enter("1", Some("ada@x"), None).await;
    assert_eq!(entered, Err(Stranger::AddressTaken));
}

#[tokio::test]
async fn who_was_removed_stays_out_until_invited_again() {
    let world = World::new().await;
    let joins = role("viewer", Some("acme"));
    let joined = world.enter("1", Some("ada@x"), Some(&joins)).await.unwrap();
    assert_eq!(joined.holder.name, "ada@x");
    assert_eq!(joined.holder.grants, std::slice::from_ref(&joins));
    let ada = id(&joined);
    let removed = world.store.replace_grants(&ada, "acme", &[]);
    removed.await.unwrap();
    for (subject, email) in [("1", "ada@x"), ("1", "new@x"), ("2", "ada@x")] {
        let back = world.enter(subject, Some(email), Some(&joins)).await;
        assert_eq!(back, Err(Stranger::Removed), "{subject} {email}");
    }
    assert_eq!(
        world.enter("1", Some("ada@x"), None).await,
        Err(Stranger::Removed)
    );
    world
        .invite("Ada", "ada@x", &role("member", Some("acme")), b"1")
        .await;
    let back = world.enter("1", Some("ada@x"), None).await.unwrap();
    assert_eq!(back.holder.grants, [role("member", Some("acme"))]);
    assert_ne!(id(&back), ada);
}

#[tokio::test]
async fn who_lost_every_role_with_an_org_stays_out() {
    let world = World::new().await;
    world
        .invite("Ada", "ada@x", &role("viewer", Some("acme")), b"1")
        .await;
    world.enter("1", Some("ada@x"), None).await.unwrap();
    let gone = sqlx::query("DELETE FROM orgs WHERE id = 'acme'");
    gone.execute(&world.store.writer).await.unwrap();
    assert_eq!(
        world.enter("1", Some("ada@x"), None).await,
        Err(Stranger::Removed)
    );
    world
        .invite("Ada", "ada@x", &role("viewer", Some("other")), b"2")
        .await;
    assert!(world.enter("1", Some("ada@x"), None).await.is_ok());
}

#[tokio::test]
async fn an_org_does_not_narrow_down_who_has_a_role_on_the_whole_platform() {
    let world = World::new().await;
    let root = Holder {
        owner: Owner::Person("root".to_owned()),
        name: "root".to_owned(),
        grants: vec![role("admin", None)],
    };
    let mut change = world.store.begin().await.unwrap();
    insert_person(&mut change, &root, Some("root@x"), world.now)
        .await
        .unwrap();
    change.commit().await.unwrap();
    world
        .invite("Root", "root@x", &role("viewer", Some("acme")), b"1")
        .await;
    let entered = world.enter("1", Some("root@x"), None).await.unwrap();
    assert_eq!(entered.holder, root);
}
