//! What whoever is signed in may do where, by the roles that the platform told once: the page offers
//! only that. The platform decides.

use leptos::prelude::*;
use wire::endpoint::Endpoint;
use wire::path::{Level, Params, Place};
use wire::session::{self, Role, Session as Identity};

use super::notices::use_notices;
use super::session::use_session;
use super::tree::use_tree;
use crate::api::answers;
use crate::components::button::Barrier;
use crate::components::clipboard::copy;
use crate::reactive::memo;

const READ_ONLY: &str =
    "Most managers of the Swarm are away: nothing can be changed until they are back.";

/// The role that somebody has at a place: the nearest one wins. A platform that tells no roles by
/// place has one for all.
pub fn role_at(who: &Identity, place: Place<'_>) -> Option<Role> {
    let Some(grants) = &who.grants else {
        return who.role.known();
    };
    let given = grants.iter();
    session::role_at(
        given.map(|grant| (grant.place(), grant.role.known())),
        place,
    )
}

/// What stands against an operation at a place, or on the platform as a whole, as far as roles go; a
/// press copies a link that opens the same for somebody who may. One that the platform does not answer
/// is not offered at all.
pub fn use_right<E: Endpoint>(
    level: impl Fn() -> Option<Level> + Send + Sync + 'static,
    link: impl Fn() -> String + Send + Sync + 'static,
) -> Barrier {
    let right = right(E::ACCESS.role(), Box::new(level), Box::new(link));
    Barrier {
        is_absent: !answers::<E>(),
        ..if E::MOVES_INSTANCES {
            unless_read_only(right)
        } else {
            right
        }
    }
}

/// The same while the engine takes no changes: nobody's role helps then.
fn unless_read_only(right: Barrier) -> Barrier {
    let (tree, notices) = (use_tree(), use_notices());
    let is_read_only = memo(move || tree.meta.get().is_some_and(|meta| meta.engine.read_only));
    let Barrier {
        against, instead, ..
    } = right;
    let against = memo(move || match is_read_only.get() {
        true => Some(READ_ONLY.to_owned()),
        false => against.get(),
    });
    let instead = Callback::new(move |()| match is_read_only.get_untracked() {
        true => notices.say(READ_ONLY.to_owned()),
        false => instead.run(()),
    });
    Barrier {
        against: against.into(),
        instead,
        is_absent: false,
    }
}

/// The current page, with a dialog that it opens.
pub fn dialog(name: &'static str) -> impl Fn() -> String + Send + Sync {
    move || here() + "?do=" + name
}

/// The path of the current page.
pub fn here() -> String {
    window().location().pathname().unwrap_or_default()
}

fn right(
    least: Option<Role>,
    level: Box<dyn Fn() -> Option<Level> + Send + Sync>,
    link: Box<dyn Fn() -> String + Send + Sync>,
) -> Barrier {
    let session = use_session();
    let notices = use_notices();
    let against = memo(move || {
        let least = least?;
        session.who.with(|who| {
            let level = level();
            let place = level.as_ref().map(Params::place).unwrap_or_default();
            let role = role_at(who.as_ref()?, place);
            let may = role.is_some_and(|role| role.admits(least));
            (!may).then(|| refusal(least, role))
        })
    });
    let ask = Callback::new(move |()| {
        let link = window().location().origin().unwrap_or_default() + &link();
        let told = link.clone();
        copy(&link, move |is_done| {
            notices.say(match is_done {
                true => {
                    "The link is copied. Send it to somebody who may: it opens this.".to_owned()
                }
                false => format!("Send this link to somebody who may: {told}"),
            });
        });
    });
    Barrier {
        against: against.into(),
        instead: ask,
        is_absent: false,
    }
}

fn refusal(least: Role, role: Option<Role>) -> String {
    let theirs = role.map_or("you have none here".to_owned(), |role| {
        format!("yours is {role}")
    });
    format!(
        "This needs the role {least}, and {theirs}. Press to copy a link for somebody who has it."
    )
}

#[cfg(test)]
mod tests {
    use wire::open::Open;
    use wire::session::Grant;

    use super::*;

    fn grant(role: Role, levels: &[&str]) -> Grant {
        let level = |at: usize| levels.get(at).map(|slug| (*slug).to_owned());
        Grant {
            role: Open::Known(role),
            org: level(0),
            project: level(1),
            environment: level(2),
        }
    }

    fn who(grants: Option<Vec<Grant>>) -> Identity {
        Identity {
            name: "Ada".into(),
            role: Open::Known(Role::Member),
            grants,
            expires: None,
        }
    }

    fn at<'a>(levels: &[&'a str]) -> Place<'a> {
        Place {
            org: levels.first().copied(),
            project: levels.get(1).copied(),
            environment: levels.get(2).copied(),
        }
    }

    #[test]
    fn the_nearest_role_wins() {
        let ada = who(Some(vec![
            grant(Role::Admin, &["acme"]),
            grant(Role::Viewer, &["acme", "shop", "production"]),
        ]));
        assert_eq!(role_at(&ada, at(&["acme", "shop"])), Some(Role::Admin));
        let production = at(&["acme", "shop", "production"]);
        assert_eq!(role_at(&ada, production), Some(Role::Viewer));
        assert_eq!(role_at(&ada, at(&["other"])), None);
        assert_eq!(role_at(&ada, at(&[])), None);
    }

    #[test]
    fn a_platform_without_places_has_one_role_for_all() {
        assert_eq!(role_at(&who(None), at(&["acme"])), Some(Role::Member));
    }
}
