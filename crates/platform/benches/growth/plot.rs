//! The figures as a drawing: both axes logarithmic, so that what grows as the services do rises as the
//! dashed line does.

use std::fmt::Write;

use crate::Figures;

/// The size of the drawing and of each of its panels, in pixels.
const WIDTH: f64 = 840.0;
const HEIGHT: f64 = 296.0;
const PANEL: f64 = 190.0;
const LEFT: f64 = 60.0;
const TOP: f64 = 44.0;
const BETWEEN: f64 = 84.0;
const TALL: f64 = 160.0;
/// Where the names of the curves begin below the panels, and how far they are apart.
const NAMES: f64 = TOP + TALL + 44.0;
const LINE: f64 = 16.0;

/// One panel: what it shows, and its curves with their names.
struct Panel<'a> {
    title: &'a str,
    unit: &'a str,
    curves: Vec<(&'a str, Vec<f64>)>,
}

/// Colours that are told apart on light and on dark.
const COLOURS: [&str; 3] = ["#2f7fd1", "#d9730d", "#3a9a5b"];

/// Draws all sizes as SVG.
pub(crate) fn plot(all: &[Figures]) -> String {
    let curve = |of: fn(&Figures) -> f64| all.iter().map(of).collect::<Vec<_>>();
    let panels = [
        Panel {
            title: "Reconcile time",
            unit: "ms",
            curves: vec![
                ("all services started", curve(|one| one.settled_ms)),
                ("processor time of that", curve(|one| one.settled_cpu_ms)),
                ("a look at all", curve(|one| one.look_ms)),
            ],
        },
        Panel {
            title: "Memory",
            unit: "MB",
            curves: vec![("resident at rest", curve(|one| one.memory_mb))],
        },
        Panel {
            title: "Reply time",
            unit: "ms",
            curves: vec![
                ("list of all services", curve(|one| one.list_ms)),
                ("list of all nodes", curve(|one| one.nodes_ms)),
                ("status of one", curve(|one| one.status_ms)),
            ],
        },
    ];
    let sizes: Vec<f64> = all.iter().map(|one| f64::from(one.services)).collect();
    let mut svg = format!(
        r##"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" font-family="system-ui, sans-serif" font-size="11" role="img"><title>Growth with 100, 1,000 and 10,000 services on 1, 10 and 100 simulated nodes</title><rect width="100%" height="100%" fill="#fff"/>"##
    );
    for (place, panel) in panels.iter().enumerate() {
        let x = LEFT + place as f64 * (PANEL + BETWEEN);
        draw(&mut svg, panel, &sizes, x);
    }
    svg.push_str("</svg>\n");
    svg
}

/// Writing to a String can't fail.
macro_rules! put {
    ($svg:expr, $($words:tt)*) => { let _ = write!($svg, $($words)*); };
}

fn draw(svg: &mut String, panel: &Panel<'_>, sizes: &[f64], left: f64) {
    let values = panel.curves.iter().flat_map(|(_, values)| values).copied();
    let (lowest, highest) = values.fold((f64::MAX, f64::MIN), |(low, high), value| {
        (low.min(value), high.max(value))
    });
    let (low, high) = (lowest.log10().floor(), highest.log10().ceil());
    let (first, last) = (sizes[0].log10(), sizes[sizes.len() - 1].log10());
    let x = |size: f64| left + (size.log10() - first) / (last - first) * PANEL;
    let y = |value: f64| TOP + TALL - (value.log10() - low) / (high - low) * TALL;
    put!(
        svg,
        r##"<text x="{left}" y="22" font-size="13" font-weight="600" fill="#1f2328">{}, {}</text>"##,
        panel.title,
        panel.unit
    );
    for power in low as i32..=high as i32 {
        let value = 10f64.powi(power);
        let at = y(value);
        put!(
            svg,
            r##"<path d="M{left} {at:.1}h{PANEL}" stroke="#d8dee4"/><text x="{:.1}" y="{:.1}" text-anchor="end" fill="#59636e">{}</text>"##,
            left - 6.0,
            at + 4.0,
            grouped(value)
        );
    }
    for size in sizes {
        put!(
            svg,
            r##"<text x="{:.1}" y="{:.1}" text-anchor="middle" fill="#59636e">{}</text>"##,
            x(*size),
            TOP + TALL + 18.0,
            grouped(*size)
        );
    }
    for (place, ((name, values), colour)) in panel.curves.iter().zip(COLOURS).enumerate() {
        let points: Vec<String> = sizes
            .iter()
            .zip(values)
            .map(|(size, value)| format!("{:.1},{:.1}", x(*size), y(*value)))
            .collect();
        // As fast as the services, from the first figure on.
        let end = values[0] * sizes[sizes.len() - 1] / sizes[0];
        let cut = end.min(10f64.powf(high));
        let cut_at = sizes[0] * cut / values[0];
        put!(
            svg,
            r##"<path d="M{:.1} {:.1}L{:.1} {:.1}" stroke="{colour}" stroke-opacity=".45" stroke-dasharray="3 3"/>"##,
            x(sizes[0]),
            y(values[0]),
            x(cut_at),
            y(cut)
        );
        put!(
            svg,
            r##"<polyline points="{}" fill="none" stroke="{colour}" stroke-width="2"/>"##,
            points.join(" ")
        );
        for point in &points {
            let (x, y) = point.split_once(',').unwrap();
            put!(
                svg,
                r##"<circle cx="{x}" cy="{y}" r="3" fill="{colour}"/>"##
            );
        }
        let at = NAMES + LINE * place as f64;
        let (first, last) = (figure(values[0]), figure(values[values.len() - 1]));
        put!(
            svg,
            r##"<circle cx="{:.1}" cy="{:.1}" r="4" fill="{colour}"/><text x="{:.1}" y="{at:.1}" fill="#1f2328">{name}</text><text x="{:.1}" y="{at:.1}" text-anchor="end" fill="#59636e">{first} to {last}</text>"##,
            left + 4.0,
            at - 4.0,
            left + 14.0,
            left + PANEL
        );
    }
}

/// `12`, `1.2`, `0.12`
fn figure(value: f64) -> String {
    match value {
        value if value >= 10.0 => grouped(value.round()),
        value if value >= 1.0 => format!("{value:.1}"),
        value => format!("{value:.2}"),
    }
}

/// `10,000`; what is less than one as it is.
fn grouped(value: f64) -> String {
    if value < 1_000.0 {
        return format!("{value}");
    }
    let (thousands, rest) = ((value / 1_000.0).trunc(), value % 1_000.0);
    format!("{thousands},{rest:03}")
}
