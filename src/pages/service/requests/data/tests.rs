//! Which answers are taken for what, whatever happens while they are on their way.

use wire::access::AccessRow;
use wire::logs::LogCursor;
use wire::path::Scope;

use super::super::book::tests::access;
use super::*;

fn place() -> LandingPlace {
    LandingPlace {
        book: RwSignal::new(Book::default()),
        answered: RwSignal::new(None),
        seen: RwSignal::new(0),
    }
}

fn question() -> Question {
    let scope = Scope::Workspace {
        workspace: "acme".to_owned(),
        project: "shop".to_owned(),
    };
    let service = "web".to_owned();
    Question {
        params: ServiceParams { scope, service },
        window: Window::read("1h", "", ""),
        filter: Filter::default(),
    }
}

/// Requests of these seconds, newest first.
fn answer(seconds: &[i64]) -> AccessLogs {
    AccessLogs {
        rows: seconds.iter().map(|second| access(*second, 0)).collect(),
        newer: LogCursor::new("p1").ok(),
        ..AccessLogs::default()
    }
}

fn is_held(place: LandingPlace, seconds: &[i64]) -> bool {
    let wanted = answer(seconds).rows;
    place.book.with_untracked(|book| {
        let held = book.rows().iter().map(|row| &row.access);
        held.eq(&wanted)
    })
}

#[test]
fn what_was_asked_to_go_on_never_lands_as_the_whole_window() {
    Owner::new().set();
    let place = place();
    let (_, way) = place.question(&question());
    assert_eq!(way, Way::Anew);
    place.land(question(), way, answer(&[2, 1]), &|| false);
    let (query, on_its_way) = place.question(&question());
    assert_eq!(on_its_way, Way::After);
    assert!(query.page.after.is_some());
    // The person asks for the newest of all while that is on its way.
    place.answered.set(None);
    let loaded = place.land(question(), on_its_way, answer(&[3]), &|| false);
    assert!(is_held(place, &[2, 1]));
    assert!(loaded.is_open && !loaded.is_behind);
    let (query, way) = place.question(&question());
    assert_eq!(way, Way::Anew);
    assert!(query.page.after.is_none());
    place.land(question(), way, answer(&[4, 3, 2]), &|| true);
    assert!(is_held(place, &[4, 3, 2]));
}

#[test]
fn what_leaves_the_window_is_forgotten_whatever_a_clock_that_is_far_ahead_says() {
    Owner::new().set();
    let place = place();
    let now = platform_now();
    let ago = |seconds: i64| AccessRow {
        timestamp: now - TimeDelta::seconds(seconds),
        ..access(0, 0)
    };
    let rows = [-86_400, 60, 3_500, 7_200].map(ago);
    let whole = AccessLogs {
        rows: rows.to_vec(),
        ..answer(&[])
    };
    place.land(question(), Way::Anew, whole, &|| false);
    let (_, way) = place.question(&question());
    // Nothing is forgotten under somebody who reads.
    place.land(question(), way, answer(&[]), &|| true);
    assert_eq!(place.book.with_untracked(|book| book.rows().len()), 4);
    let (_, way) = place.question(&question());
    place.land(question(), way, answer(&[]), &|| false);
    let held = place.book.with_untracked(|book| {
        let rows = book.rows().iter();
        rows.map(|row| row.access.timestamp).collect::<Vec<_>>()
    });
    let left: Vec<_> = rows.iter().take(3).map(|row| row.timestamp).collect();
    assert_eq!(held, left);
}
