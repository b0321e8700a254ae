//! Inline icons: 16 × 16, drawn in the text's colour, unseen by screen readers.

use leptos::prelude::*;

/// An icon.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Icon {
    /// The product.
    Wheel,
    /// An org.
    People,
    /// A project.
    Folder,
    /// A service.
    Box,
    /// Make something new.
    Plus,
    /// Search and filter.
    Search,
    /// Opens a list below.
    Down,
    /// Leads to what is above, or before.
    Up,
    /// Deploy.
    Upload,
    /// Restart or fetch again.
    Again,
    /// Scale.
    Bars,
    /// More actions.
    More,
    /// Opens elsewhere.
    Out,
    /// Save a file.
    Download,
    /// Theme follows the system.
    Screen,
    /// Light theme.
    Sun,
    /// Dark theme.
    Moon,
    /// Something needs a look.
    Warning,
    /// Close or remove.
    Cross,
    /// Done, or copied.
    Check,
    /// Copy.
    Copy,
    /// The rail of a phone.
    Menu,
    /// The person.
    Person,
    /// A clock.
    Clock,
    /// Delete.
    Bin,
    /// Pause.
    Pause,
    /// Config.
    Sliders,
    /// Change.
    Pencil,
    /// Back to what it was.
    Undo,
    /// A link to give to somebody.
    Link,
}

impl Icon {
    fn path(self) -> &'static str {
        match self {
            Self::Wheel => {
                "M14 8A6 6 0 112 8a6 6 0 0112 0z M10 8a2 2 0 11-4 0 2 2 0 014 0z M8 2v4 M8 10v4 M2 8h4 M10 8h4"
            }
            Self::People => {
                "M8.5 5a2.5 2.5 0 11-5 0 2.5 2.5 0 015 0z M1.5 14c0-3 2-4.5 4.5-4.5s4.5 1.5 4.5 4.5 M11 3.2a2.4 2.4 0 010 4.2 M12 10c1.6.5 2.5 2 2.5 4"
            }
            Self::Folder => "M2 4h4l1.5 2H14v7H2z",
            Self::Box => "M2 5l6-3 6 3v6l-6 3-6-3z M2 5l6 3 6-3 M8 8v6",
            Self::Plus => "M8 3v10 M3 8h10",
            Self::Search => "M11.5 7a4.5 4.5 0 11-9 0 4.5 4.5 0 019 0z M10.5 10.5L14 14",
            Self::Down => "M5 6l3 3 3-3",
            Self::Up => "M5 10l3-3 3 3",
            Self::Upload => "M8 14V6 M4.5 9.5L8 6l3.5 3.5 M3 2.5h10",
            Self::Again => "M13 8a5 5 0 11-1.5-3.6 M13 2v3h-3",
            Self::Bars => "M3 13V9 M8 13V5 M13 13V2",
            Self::More => {
                "M3.7 8a.4.4 0 11-.8 0 .4.4 0 01.8 0z M8.4 8a.4.4 0 11-.8 0 .4.4 0 01.8 0z M13.1 8a.4.4 0 11-.8 0 .4.4 0 01.8 0z"
            }
            Self::Out => "M9 2h5v5 M14 2L8 8 M6 3H2v11h11v-4",
            Self::Download => "M8 2v8 M4.5 6.5L8 10l3.5-3.5 M3 13.5h10",
            Self::Screen => "M2 3h12v8H2z M6 14h4 M8 11v3",
            Self::Sun => {
                "M10.5 8a2.5 2.5 0 11-5 0 2.5 2.5 0 015 0z M8 1.5v1.5 M8 13v1.5 M1.5 8H3 M13 8h1.5 M3.4 3.4l1 1 M11.6 11.6l1 1 M3.4 12.6l1-1 M11.6 4.4l1-1"
            }
            Self::Moon => "M13 9.5A5.5 5.5 0 016.5 3 5.5 5.5 0 108 14a5.5 5.5 0 005-4.5z",
            Self::Warning => "M8 2l6.5 12h-13z M8 6v4 M8 12h.01",
            Self::Cross => "M4 4l8 8 M12 4l-8 8",
            Self::Check => "M3 8.5l3.5 3.5L13 5",
            Self::Copy => "M6 6h8v8H6z M10 6V2H2v8h4",
            Self::Menu => "M2 4h12 M2 8h12 M2 12h12",
            Self::Person => {
                "M10.5 5a2.5 2.5 0 11-5 0 2.5 2.5 0 015 0z M3 14c0-3 2.2-4.5 5-4.5s5 1.5 5 4.5"
            }
            Self::Clock => "M14 8A6 6 0 112 8a6 6 0 0112 0z M8 4.5V8l2.5 1.5",
            Self::Bin => "M3 4h10 M6 4V2h4v2 M4.5 4l.5 10h6l.5-10",
            Self::Pause => "M5.5 3v10 M10.5 3v10",
            Self::Sliders => {
                "M2 5h6 M11 5h3 M2 11h3 M8 11h6 M11 5a1.5 1.5 0 11-3 0 1.5 1.5 0 013 0z M8 11a1.5 1.5 0 11-3 0 1.5 1.5 0 013 0z"
            }
            Self::Undo => "M3.5 6h6a3.5 3.5 0 010 7H6 M6.5 3l-3 3 3 3",
            Self::Link => {
                "M6.5 9.5l3-3 M7 4.5L8.5 3A3 3 0 0113 7.5L11.5 9 M9 11.5L7.5 13A3 3 0 013 8.5L4.5 7"
            }
            Self::Pencil => "M3 13l.7-3L11 2.7l2.3 2.3L6 12.3z",
        }
    }
}

/// Draws an icon.
pub fn icon(icon: Icon) -> impl IntoView {
    view! {
        <svg class="i" viewBox="0 0 16 16" aria-hidden="true">
            <path d=icon.path() />
        </svg>
    }
}
