//! Roles by place: the rules alone.

use pilothouse_wire::open::Words;
use pilothouse_wire::session::{self, Role};

use crate::store::{Grant, Spot};

impl Grant {
    fn role(&self) -> Option<Role> {
        Role::from_word(&self.role)
    }
}

/// The role that these give at a place.
pub(super) fn role_at(grants: &[Grant], spot: &Spot) -> Option<Role> {
    let given = grants.iter();
    session::role_at(
        given.map(|grant| (grant.spot.place(), grant.role())),
        spot.place(),
    )
}

/// Whether these give a role at a place or anywhere in it.
pub(super) fn reach(grants: &[Grant], spot: &Spot) -> bool {
    role_at(grants, spot).is_some() || below(grants, spot).next().is_some()
}

/// What these show of a place: all of it where they give a role there, else the places in it that
/// they give one at, by id.
pub(super) fn shown(grants: &[Grant], spot: &Spot) -> Shown {
    if role_at(grants, spot).is_some() {
        return Shown::All;
    }
    let ids = below(grants, spot).filter_map(|grant| grant.spot.place().narrowest());
    Shown::Only(ids.map(str::to_owned).collect())
}

/// Those that give a role at a place in this one.
fn below<'a>(grants: &'a [Grant], spot: &'a Spot) -> impl Iterator<Item = &'a Grant> {
    let inside = grants
        .iter()
        .filter(|grant| spot.place().holds(grant.spot.place()));
    inside.filter(|grant| grant.role().is_some())
}

/// What somebody may see of a place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Shown {
    /// Everything.
    All,
    /// What is at or in the places with these ids.
    Only(Vec<String>),
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn spot(levels: &[&str]) -> Spot {
        let level = |at: usize| levels.get(at).map(|id| (*id).to_owned());
        Spot {
            org: level(0),
            project: level(1),
            environment: level(2),
        }
    }

    fn grant(role: &str, levels: &[&str]) -> Grant {
        Grant {
            role: role.to_owned(),
            spot: spot(levels),
        }
    }

    #[test]
    fn the_nearest_role_wins_for_better_or_worse() {
        let grants = [
            grant("admin", &["acme"]),
            grant("viewer", &["acme", "shop"]),
            grant("member", &["acme", "shop", "staging"]),
        ];
        let role = |levels: &[&str]| role_at(&grants, &spot(levels));
        assert_eq!(role(&["acme"]), Some(Role::Admin));
        assert_eq!(role(&["acme", "blog", "production"]), Some(Role::Admin));
        assert_eq!(role(&["acme", "shop", "production"]), Some(Role::Viewer));
        assert_eq!(role(&["acme", "shop", "staging"]), Some(Role::Member));
        assert_eq!(role(&["other"]), None);
        assert_eq!(role(&[]), None);
    }

    #[test]
    fn a_role_in_a_project_opens_the_way_to_it_and_nothing_beside_it() {
        let grants = [grant("member", &["acme", "shop"])];
        assert!(reach(&grants, &spot(&["acme"])));
        assert!(reach(&grants, &spot(&["acme", "shop", "staging"])));
        assert!(!reach(&grants, &spot(&["acme", "blog"])));
        assert!(!reach(&grants, &spot(&["other"])));
        assert_eq!(role_at(&grants, &spot(&["acme"])), None);
        let only = Shown::Only(vec!["shop".into()]);
        assert_eq!(shown(&grants, &spot(&["acme"])), only);
        assert_eq!(shown(&grants, &spot(&["acme", "shop"])), Shown::All);
    }

    #[test]
    fn a_role_that_is_not_known_gives_nothing() {
        let grants = [grant("owner", &["acme", "shop"]), grant("admin", &["acme"])];
        assert_eq!(role_at(&grants, &spot(&["acme", "shop"])), None);
        let alone = [grant("owner", &["acme", "shop"])];
        assert!(!reach(&alone, &spot(&["acme"])));
    }

    fn places() -> impl Strategy<Value = Spot> {
        prop::collection::vec(prop_oneof!["a", "b"], 0..=3)
            .prop_map(|levels| spot(&levels.iter().map(String::as_str).collect::<Vec<_>>()))
    }

    proptest! {
        /// A grant elsewhere never changes what holds here.
        #[test]
        fn a_role_elsewhere_changes_nothing(
            grants in prop::collection::vec(places(), 0..6),
            here in places(),
            other in places(),
        ) {
            let own: Vec<Grant> = grants
                .into_iter()
                .map(|spot| Grant { role: "viewer".into(), spot })
                .collect();
            let mut more = own.clone();
            more.push(Grant { role: "admin".into(), spot: other.clone() });
            if !other.place().holds(here.place()) {
                prop_assert_eq!(role_at(&own, &here), role_at(&more, &here));
            }
        }

        /// Who may see a place is let in at every place around it.
        #[test]
        fn whoever_has_a_role_finds_the_way(granted in places(), here in places()) {
            let grants = [Grant { role: "viewer".into(), spot: granted }];
            if reach(&grants, &here) {
                let levels = [&here.org, &here.project, &here.environment];
                let levels: Vec<&str> = levels.into_iter().flatten().map(String::as_str).collect();
                for depth in 0..levels.len() {
                    let around = spot(&levels[..depth]);
                    prop_assert!(reach(&grants, &around));
                }
            }
        }
    }
}
