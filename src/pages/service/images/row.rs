//! One row of the list of images, and what is said of an image wherever it is shown.

use leptos::html;
use leptos::prelude::*;
use wire::build::Image;
use wire::path::ServiceParams;

use crate::components::focus::take_focus;
use crate::components::status::{image_state, state_mark};
use crate::pages::parts::instant_of;
use crate::pages::service::Here;
use crate::pages::service::cancel::{CancelImageWork, Work};
use crate::pages::service::progress::{Progress, use_length, use_silence};
use crate::reactive::{dynamic, memo};
use crate::routes::Address;
use crate::words::{short, size};

/// Releases beyond this many are counted, not listed.
const LISTED: usize = 3;

/// One row. It takes the focus where the person comes back from this image.
pub fn image_row(
    here: Here,
    version: u32,
    image: Memo<Option<Image>>,
    takes_focus: bool,
) -> impl IntoView {
    let link = NodeRef::<html::A>::new();
    if takes_focus {
        take_focus(link);
    }
    let known = move || image.get().unwrap_or_default();
    let state = memo(move || image_state(&known().state()));
    let progress = memo(move || Progress::of_image(&known()));
    let work = memo(move || Work::on(&known()));
    let silence = use_silence(move || progress.get());
    let length = use_length(move || progress.get());
    let source = memo(move || source(&known()));
    let created = memo(move || known().created);
    let releases = memo(move || known().image_metadata.releases);
    let params = here.params.get_untracked();
    let path = Address::image(&params, version);
    view! {
        <tr>
            <td class="name">
                <a node_ref=link href=path>
                    {format!("v{version}")}
                </a>
            </td>
            <td>
                {dynamic(move || state_mark(state.get()).into_any())}
                <span class="dim sm silence">{silence}</span>
            </td>
            <td class="mono dim" title=source>
                {source}
            </td>
            <td class="num">
                {move || known().image_metadata.size.map_or_else(|| "–".to_owned(), size)}
            </td>
            <td class="num dim">{instant_of(created)}</td>
            <td class="num dim">{length}</td>
            <td>{dynamic(move || release_links(&params, &releases.get()))}</td>
            <td class="num">
                <CancelImageWork here version=Signal::stored(version) work label="Cancel" />
            </td>
        </tr>
    }
}

/// What an image was made of: `4be10a2 · main`, or the reference that was fetched.
pub fn source(image: &Image) -> String {
    let commit = image.commit_sha.as_deref().map(short);
    let asked = image.build_ref.as_deref();
    match (commit, asked) {
        (Some(commit), Some(asked)) if !asked.starts_with(commit) => format!("{commit} · {asked}"),
        (Some(commit), _) => commit.to_owned(),
        (None, Some(asked)) => asked.to_owned(),
        (None, None) => image
            .repository_name
            .clone()
            .unwrap_or_else(|| "–".to_owned()),
    }
}

/// Links to releases, the newest first.
pub fn release_links(params: &ServiceParams, releases: &[u32]) -> AnyView {
    if releases.is_empty() {
        return view! { <span class="faint">"none"</span> }.into_any();
    }
    let links = releases
        .iter()
        .take(LISTED)
        .map(|release| {
            view! {
                <a class="link mono" href=Address::release(params, *release)>
                    {format!("v{release}")}
                </a>
            }
        })
        .collect_view();
    let more = releases.len().saturating_sub(LISTED);
    view! {
        <span class="links-cell">
            {links} {(more > 0).then(|| view! { <span class="faint">{format!("+{more}")}</span> })}
        </span>
    }
    .into_any()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_image_is_known_by_its_commit_or_else_its_reference() {
        let image = |commit: Option<&str>, asked: Option<&str>| Image {
            commit_sha: commit.map(str::to_owned),
            build_ref: asked.map(str::to_owned),
            repository_name: Some("docker.io/library/redis:7".to_owned()),
            ..Image::default()
        };
        let sha = "4be10a2c99d01f00000000000000000000000000";
        assert_eq!(source(&image(Some(sha), Some("main"))), "4be10a2 · main");
        assert_eq!(source(&image(Some(sha), Some(sha))), "4be10a2");
        assert_eq!(source(&image(None, Some("main"))), "main");
        assert_eq!(source(&image(None, None)), "docker.io/library/redis:7");
    }
}
