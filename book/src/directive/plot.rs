//! `plot`: what an operation costs as there are more of them, as `benches` recorded it.

use std::fmt::Write as _;

use super::{Directive, diagram};
use crate::benches::Benches;
use crate::figures::number;
use crate::html::escape;

/// Pixels, of the drawing's own.
const LEFT: f64 = 70.0;
const TOP: f64 = 12.0;
const WIDTH: f64 = 460.0;
const HEIGHT: f64 = 240.0;
const NAMES: f64 = 110.0;
const FOOT: f64 = 46.0;
/// The names at the lines' ends stand at least so far apart.
const LINE: f64 = 17.0;

/// `{{plot WORKLOADS RUNTIMES "WHAT THERE IS MORE OF" "ALTERNATIVE TEXT"}}`: the workloads whose names are
/// this one, with a hyphen and their number behind it.
pub(super) fn plot(directive: &Directive<'_>) -> Result<String, String> {
    let [workloads, runtimes, what, alternative] = &directive.words[..] else {
        return Err(
            "plot takes a workload's name without its number, runtimes in quotation marks, what \
                    there is more of, and a text for who can't see it"
                .into(),
        );
    };
    let plot = Plot::new(&Benches::load()?, workloads, runtimes, what)?;
    Ok(diagram::figure(&plot.svg(), alternative))
}

/// Both axes are logarithmic: a straight rise is a power, a flat line costs the same at any size.
struct Plot {
    what: String,
    unit: String,
    curves: Vec<Curve>,
    x: Axis,
    y: Axis,
}

struct Curve {
    name: String,
    points: Vec<(f64, f64)>,
}

/// From one power of ten to another one.
struct Axis {
    least: i32,
    most: i32,
    /// In pixels: where it begins, and how far it goes.
    from: f64,
    length: f64,
}

impl Plot {
    fn new(benches: &Benches, series: &str, runtimes: &str, what: &str) -> Result<Self, String> {
        let sizes: Vec<(f64, &_)> = benches
            .workloads
            .iter()
            .filter_map(|workload| {
                let number = workload.name.strip_prefix(series)?.strip_prefix('-')?;
                Some((number.parse::<f64>().ok()?, workload))
            })
            .collect();
        let curves: Vec<Curve> = runtimes
            .split_whitespace()
            .map(|runtime| Curve {
                name: runtime.to_owned(),
                points: sizes
                    .iter()
                    .filter_map(|(size, workload)| {
                        Some((*size, workload.cost.get(runtime)?.median))
                    })
                    .collect(),
            })
            .collect();
        if let Some(empty) = curves.iter().find(|curve| curve.points.len() < 2) {
            return Err(format!(
                "{series} of {} has {} values: a line needs two",
                empty.name,
                empty.points.len()
            ));
        }
        let points = || curves.iter().flat_map(|curve| &curve.points);
        Ok(Self {
            what: what.to_owned(),
            unit: sizes[0].1.unit.clone(),
            x: Axis::over(points().map(|point| point.0), LEFT, WIDTH),
            // Upwards: a page counts down.
            y: Axis::over(points().map(|point| point.1), TOP + HEIGHT, -HEIGHT),
            curves,
        })
    }

    fn svg(&self) -> String {
        let (width, height) = (LEFT + WIDTH + NAMES, TOP + HEIGHT + FOOT);
        let mut svg = format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" class=\"plot\" viewBox=\"0 0 {width} {height}\">"
        );
        self.draw_axes(&mut svg);
        for (index, curve) in self.curves.iter().enumerate() {
            self.draw(&mut svg, curve, index);
        }
        self.draw_names(&mut svg);
        diagram::sized(&(svg + "</svg>"), width, height)
    }

    fn draw_axes(&self, svg: &mut String) {
        let (right, bottom) = (LEFT + WIDTH, TOP + HEIGHT);
        for (value, x) in self.x.marks() {
            line(svg, (x, TOP), (x, bottom));
            text(svg, "axis", (x, bottom + 18.0), "middle", &number(value));
        }
        for (value, y) in self.y.marks() {
            line(svg, (LEFT, y), (right, y));
            let value = format!("{} {}", number(value), self.unit);
            text(svg, "axis", (LEFT - 8.0, y + 4.0), "end", &value);
        }
        text(svg, "axis", (LEFT + WIDTH / 2.0, bottom + 38.0), "middle", &self.what);
    }

    fn draw(&self, svg: &mut String, curve: &Curve, index: usize) {
        let points: Vec<String> = curve
            .points
            .iter()
            .map(|(size, cost)| format!("{:.1},{:.1}", self.x.at(*size), self.y.at(*cost)))
            .collect();
        let points = points.join(" ");
        let _ = write!(svg, "<polyline class=\"curve-{}\" points=\"{points}\"/>", index + 1);
    }

    /// At the lines' ends, moved apart where they would cover each other.
    fn draw_names(&self, svg: &mut String) {
        let mut names: Vec<(f64, usize, &Curve)> = self
            .curves
            .iter()
            .enumerate()
            .map(|(index, curve)| (self.y.at(curve.points[curve.points.len() - 1].1), index, curve))
            .collect();
        names.sort_by(|one, other| one.0.total_cmp(&other.0));
        let mut free = TOP;
        for (y, index, curve) in names {
            let y = y.max(free);
            free = y + LINE;
            let class = format!("name name-{}", index + 1);
            text(svg, &class, (LEFT + WIDTH + 8.0, y + 4.0), "start", &curve.name);
        }
    }
}

impl Axis {
    fn over(values: impl Iterator<Item = f64>, from: f64, length: f64) -> Self {
        let (least, most) = values
            .fold((f64::INFINITY, 0.0_f64), |(least, most), it| (least.min(it), most.max(it)));
        #[expect(clippy::cast_possible_truncation, reason = "powers of ten of what was measured")]
        let (least, most) = (least.log10().floor() as i32, most.log10().ceil() as i32);
        Self { least, most: most.max(least + 1), from, length }
    }

    fn at(&self, value: f64) -> f64 {
        let whole = f64::from(self.most - self.least);
        self.from + self.length * (value.log10() - f64::from(self.least)) / whole
    }

    /// Each power of ten, and where it is.
    fn marks(&self) -> impl Iterator<Item = (f64, f64)> {
        (self.least..=self.most)
            .map(|power| 10_f64.powi(power))
            .map(|value| (value, self.at(value)))
    }
}

fn line(svg: &mut String, from: (f64, f64), to: (f64, f64)) {
    let _ = write!(
        svg,
        "<line class=\"axis\" x1=\"{:.1}\" y1=\"{:.1}\" x2=\"{:.1}\" y2=\"{:.1}\"/>",
        from.0, from.1, to.0, to.1
    );
}

fn text(svg: &mut String, class: &str, at: (f64, f64), anchor: &str, words: &str) {
    let _ = write!(
        svg,
        "<text class=\"{class}\" x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"{anchor}\">{}</text>",
        at.0,
        at.1,
        escape(words)
    );
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::benches::tests::benches;

    #[test]
    fn each_runtime_is_a_line_with_its_name_at_the_end() {
        let plot = Plot::new(&benches(), "tasks", "asyncio tokio", "tasks").unwrap();
        let svg = plot.svg();
        assert_eq!(svg.matches("<polyline").count(), 2);
        assert!(svg.contains(">asyncio</text>"), "{svg}");
        // 100 to 10,000 across, and 100 to 1,000 ns upwards.
        assert!(svg.contains(">10,000</text>"), "{svg}");
        assert!(svg.contains(">1,000 ns</text>"), "{svg}");
        assert!(svg.contains(&format!("points=\"{LEFT:.1},")), "{svg}");
    }

    #[test]
    fn names_that_would_cover_each_other_stand_below_each_other() {
        let mut benches = benches();
        for workload in &mut benches.workloads {
            let cost = workload.cost["asyncio"];
            workload.cost.insert("tokio".to_owned(), cost);
        }
        let svg = Plot::new(&benches, "tasks", "asyncio tokio", "tasks").unwrap().svg();
        let heights: Vec<&str> = svg
            .split("class=\"name")
            .skip(1)
            .map(|name| name.split("y=\"").nth(1).unwrap().split('"').next().unwrap())
            .collect();
        let heights: Vec<f64> = heights.iter().map(|it| it.parse().unwrap()).collect();
        assert!((heights[1] - heights[0] - LINE).abs() < 0.2, "{heights:?}");
    }

    #[test]
    fn a_line_needs_two_values() {
        let error =
            |series, runtimes| Plot::new(&benches(), series, runtimes, "tasks").err().unwrap();
        assert_eq!(error("yield", "asyncio"), "yield of asyncio has 1 values: a line needs two");
        assert_eq!(error("tasks", "smol"), "tasks of smol has 0 values: a line needs two");
    }
}
