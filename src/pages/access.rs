//! Who may do what in an org, and who did: people, keys, the audit.

pub mod audit;
pub mod keys;
pub mod people;

use leptos::prelude::*;
use wire::path::{Level, OrgParams};
use wire::person::SignInLink;
use wire::session::Grant;

use crate::components::button::{Button, Kind};
use crate::components::dialog::{Dialog, open_about};
use crate::components::feedback::CopyButton;
use crate::components::page::Head;
use crate::reactive::memo;
use crate::routes::{AccessPage, Address, use_kept};
use crate::state::clock::use_exact;
use crate::state::title::use_title;

/// The org that the page is about.
fn use_org() -> Memo<String> {
    use_kept(|address| address.org().map(str::to_owned), String::new)
}

fn level_of(org: Memo<String>) -> impl Fn() -> Option<Level> + Copy + Send + Sync {
    move || Some(Level::Org(OrgParams { org: org.get() }))
}

/// The head of one of the pages, with the way to the others.
#[component]
fn AccessHead(org: Memo<String>, page: AccessPage, children: Children) -> impl IntoView {
    use_title(move || format!("{} · {}", page.label(), org.get()));
    let links = AccessPage::ALL.map(|other| {
        let href = move || {
            let org = org.get();
            Address::Access { org, page: other }.path()
        };
        view! {
            <a href=href aria-current=(other == page).then_some("page")>
                {other.label()}
            </a>
        }
    });
    view! {
        <Head title=page.label() about=move || page.about()>
            {children()}
        </Head>
        <nav class="tabs" aria-label="People, keys and audit">
            {links.collect_view()}
        </nav>
    }
}

/// `admin`, `viewer in shop`, `member in shop / staging`, `admin of the whole platform`.
fn grant_words(grant: &Grant) -> String {
    let role = grant.role.to_string();
    match (&grant.org, &grant.project, &grant.environment) {
        (None, ..) => format!("{role} of the whole platform"),
        (_, Some(project), Some(environment)) => format!("{role} in {project} / {environment}"),
        (_, Some(project), None) => format!("{role} in {project}"),
        (_, None, _) => role,
    }
}

/// A table of few rows, whose last column holds what can be done. The columns that `numbers` names by
/// their place hold instants.
fn few(label: &'static str, heads: &[&'static str], numbers: &[usize], rows: AnyView) -> AnyView {
    let heads = heads.iter().enumerate().map(|(place, head)| {
        let class = numbers.contains(&place).then_some("num");
        view! { <th class=class>{*head}</th> }
    });
    view! {
        <div class="scrollx" role="group" aria-label=label tabindex="0">
            <table class="table">
                <thead>
                    <tr>
                        {heads.collect_view()} <th>
                            <span class="unseen">"Actions"</span>
                        </th>
                    </tr>
                </thead>
                <tbody>{rows}</tbody>
            </table>
        </div>
    }
    .into_any()
}

/// What opens a door, shown this once.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Shown {
    /// What it is.
    title: String,
    /// What to do with it.
    words: String,
    /// The thing itself.
    text: String,
}

impl Shown {
    /// A link that signs somebody in.
    fn link(link: &SignInLink) -> Self {
        let origin = window().location().origin().unwrap_or_default();
        let until = link.expires.map(|at| use_exact(at).get_untracked());
        let until = until.map_or_else(String::new, |at| format!(" until {at}"));
        Self {
            title: format!("Link for {}", link.name),
            words: format!(
                "Send it to {}. It signs in once,{until}, and is shown only now.",
                link.name
            )
            .replace(",,", ","),
            text: format!("{origin}{}#token={}", Address::Connect.path(), link.token),
        }
    }
}

/// Shows what is told only once, until it is closed.
#[component]
fn ShownOnce(shown: RwSignal<Option<Shown>>) -> impl IntoView {
    let open = open_about(shown);
    let part = move |read: fn(&Shown) -> &str| {
        memo(move || shown.with(|shown| shown.as_ref().map(read).unwrap_or_default().to_owned()))
    };
    let (title, words, text) = (
        part(|shown| &shown.title),
        part(|shown| &shown.words),
        part(|shown| &shown.text),
    );
    view! {
        <Dialog title open>
            <div class="body">
                <p>{words}</p>
                <p class="once">
                    <code class="grow">{text}</code>
                    <CopyButton text label="Copy" />
                </p>
            </div>
            <footer>
                <Button label="Done" kind=Kind::Primary on_click=move |()| open.set(false) />
            </footer>
        </Dialog>
    }
}

#[cfg(test)]
mod tests {
    use wire::open::Open;
    use wire::session::Role;

    use super::*;

    #[test]
    fn a_role_says_where_it_holds() {
        let grant = |levels: [Option<&str>; 3]| {
            let [org, project, environment] = levels.map(|level| level.map(str::to_owned));
            grant_words(&Grant {
                role: Open::Known(Role::Member),
                org,
                project,
                environment,
            })
        };
        assert_eq!(grant([None; 3]), "member of the whole platform");
        assert_eq!(grant([Some("acme"), None, None]), "member");
        assert_eq!(grant([Some("acme"), Some("shop"), None]), "member in shop");
        let all = [Some("acme"), Some("shop"), Some("staging")];
        assert_eq!(grant(all), "member in shop / staging");
    }
}
