//! A run of text in the look that its tool wanted.

use bulk::lines::ansi::Style;
use leptos::prelude::*;

/// A text in a style.
pub fn styled(text: &str, style: Style) -> AnyView {
    let text = text.to_owned();
    if style == Style::default() {
        return text.into_any();
    }
    let ground = style
        .ground
        .map(|colour| format!("color-mix(in oklab, {} 25%, transparent)", colour.css()));
    let colour = match style.text {
        Some(colour) => Some(colour.css()),
        None if style.dim => Some("var(--t3)".to_owned()),
        None => None,
    };
    view! {
        <span
            style:color=colour
            style:background=ground
            style:font-weight=style.bold.then_some("650")
            style:font-style=style.italic.then_some("italic")
            style:text-decoration=style.underlined.then_some("underline")
        >
            {text}
        </span>
    }
    .into_any()
}
