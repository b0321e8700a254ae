//! The dialog that drains a node or lets it take instances again, and says what that moves.

use leptos::prelude::*;
use wire::node::{Node, NodeAvailability, NodeInstance, NodePatch};
use wire::open::Open;

use super::link;
use crate::components::button::{Button, Kind};
use crate::components::dialog::{Dialog, DialogButtons, open_about};
use crate::forms::failed::failed_whole;
use crate::reactive::memo;
use crate::state::act::Act;
use crate::state::revised::Read;
use crate::words::plural;

/// Whether a node already is as a change makes it: then the answer to it was lost.
pub(super) fn is_made(patch: &NodePatch, now: &Node) -> bool {
    now.availability == Open::Known(patch.availability)
}

/// What a node that is as told would become.
fn other(node: &Node) -> NodePatch {
    let is_active = node.availability == Open::Known(NodeAvailability::Active);
    NodePatch {
        availability: match is_active {
            true => NodeAvailability::Drained,
            false => NodeAvailability::Active,
        },
    }
}

/// The dialog, open while there is a node.
#[component]
pub fn AvailabilityDialog(
    about: RwSignal<Option<Read<Node>>>,
    act: Act<NodePatch>,
) -> impl IntoView {
    let open = open_about(about);
    let title = memo(move || {
        let name = about.with(|about| about.as_ref().map(|read| read.thing.name.clone()));
        let name = name.unwrap_or_default();
        match order(about).map(|order| order.availability) {
            Some(NodeAvailability::Drained) => format!("Drain {name}"),
            _ => format!("Activate {name}"),
        }
    });
    let submit = move |event: leptos::ev::SubmitEvent| {
        event.prevent_default();
        if let Some(order) = untrack(|| order(about)) {
            act.go(order);
        }
    };
    let body = move || {
        act.failure.set(None);
        let told = move || about.get().map(|read| consequence(&read.thing));
        let verb = untrack(|| title.get());
        view! {
            <form on:submit=submit novalidate>
                <div class="body">{failed_whole(act)} {told}</div>
                <DialogButtons open commands=act.commands(move || untrack(|| order(about)))>
                    <Button label=verb kind=Kind::Primary submit=true pending=act.pending() />
                </DialogButtons>
            </form>
        }
    };
    view! {
        <Dialog title open>
            {body}
        </Dialog>
    }
}

fn order(about: RwSignal<Option<Read<Node>>>) -> Option<NodePatch> {
    about.with(|about| about.as_ref().map(|read| other(&read.thing)))
}

/// What the change does to the instances.
fn consequence(node: &Node) -> AnyView {
    if other(node).availability == NodeAvailability::Active {
        return view! {
            <p>
                "It takes new instances again. Those that run elsewhere stay there until they are replaced; what waits for a disk on this node starts at once."
            </p>
        }
        .into_any();
    }
    let (kept, moved): (Vec<_>, Vec<_>) = node.instances.iter().partition(|one| one.has_disk);
    view! {
        <p>"It takes no new instances until it is activated again."</p>
        {listed(&moved, "moves to another node.", "move to other nodes.")}
        {listed(
            &kept,
            "stops and waits for this node: its disk is here.",
            "stop and wait for this node: their disks are here.",
        )}
    }
    .into_any()
}

fn listed(on: &[&NodeInstance], one: &'static str, many: &'static str) -> Option<AnyView> {
    let words = match on.len() {
        0 => return None,
        1 => format!("1 instance {one}"),
        count => format!("{} {many}", plural(count, "instance")),
    };
    let items = on.iter().map(|one| view! { <li>{link(one)}</li> });
    let list = view! {
        <p>{words}</p>
        <ul class="plain-list">{items.collect_view()}</ul>
    };
    Some(list.into_any())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn node(availability: &str) -> Node {
        serde_json::from_value(serde_json::json!({
            "id": "1", "name": "node1", "role": "worker", "state": "ready",
            "availability": availability,
        }))
        .unwrap()
    }

    #[test]
    fn what_is_active_is_drained_and_what_is_not_takes_part_again() {
        let becomes = |word: &str| other(&node(word)).availability;
        assert_eq!(becomes("active"), NodeAvailability::Drained);
        assert_eq!(becomes("drain"), NodeAvailability::Active);
        assert_eq!(becomes("pause"), NodeAvailability::Active);
        assert!(is_made(&other(&node("active")), &node("drain")));
    }
}
