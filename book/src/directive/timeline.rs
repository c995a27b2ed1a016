//! `timeline`: a recorded run, drawn: who ran when, and who waited for how long.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use serde::Deserialize;

use super::{Directive, diagram};
use crate::excerpt;
use crate::html::escape;

/// Pixels, of the drawing's own.
const NAMES: f64 = 110.0;
const WIDTH: f64 = 560.0;
const LANE: f64 = 30.0;
const TOP: f64 = 10.0;

/// `{{timeline NAME "ALTERNATIVE TEXT"}}`
pub(super) fn timeline(directive: &Directive<'_>) -> Result<String, String> {
    let [name, alternative] = &directive.words[..] else {
        return Err("timeline takes a recording's name and a text in quotation marks".into());
    };
    let path = format!("book/figures/{name}.trace.json");
    let run = Run::parse(&excerpt::read(&path)?).map_err(|error| format!("{path}: {error}"))?;
    Ok(diagram::figure(&run.svg(), alternative))
}

/// What is read of an event of a trace.
#[derive(Deserialize)]
struct Event {
    ph: char,
    cat: String,
    name: String,
    tid: u64,
    /// Microseconds.
    ts: f64,
    args: BTreeMap<String, serde_json::Value>,
}

/// A lane of the trace: the event loop, or a task.
#[derive(Default)]
struct Lane {
    name: String,
    /// Begin and end of each time it ran, in seconds.
    ran: Vec<(f64, f64)>,
}

struct Run {
    lanes: BTreeMap<u64, Lane>,
    /// In seconds.
    start: f64,
    end: f64,
}

impl Run {
    fn parse(text: &str) -> Result<Self, String> {
        let events: Vec<Event> = serde_json::from_str(text).map_err(|error| error.to_string())?;
        let mut lanes: BTreeMap<u64, Lane> = BTreeMap::new();
        for event in &events {
            let lane = lanes.entry(event.tid).or_default();
            let at = event.ts / 1e6;
            match (event.ph, event.cat.as_str()) {
                ('M', _) if event.name == "thread_name" => {
                    let name = event.args.get("name").and_then(|name| name.as_str());
                    name.unwrap_or_default().clone_into(&mut lane.name);
                }
                ('B', "task") => lane.ran.push((at, at)),
                ('B', "loop") if event.name == "turn" => lane.ran.push((at, at)),
                ('E', "task") => lane.end_run(at),
                ('E', "loop") if event.name == "turn" => lane.end_run(at),
                _ => {}
            }
        }
        lanes.retain(|_, lane| !lane.ran.is_empty());
        let ran = || lanes.values().flat_map(|lane| &lane.ran);
        let start = ran().map(|run| run.0).fold(f64::INFINITY, f64::min);
        let end = ran().map(|run| run.1).fold(0.0, f64::max);
        if start < end { Ok(Self { lanes, start, end }) } else { Err("nothing ran in it".into()) }
    }

    fn svg(&self) -> String {
        let bottom = TOP + LANE * count(self.lanes.len());
        let (width, height) = (NAMES + WIDTH + 20.0, bottom + 28.0);
        let mut svg = format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" class=\"timeline\" viewBox=\"0 0 {width} {height}\">"
        );
        self.draw_axis(&mut svg, bottom);
        for (index, lane) in self.lanes.values().enumerate() {
            self.draw_lane(&mut svg, lane, TOP + LANE * (count(index) + 0.5));
        }
        diagram::sized(&(svg + "</svg>"), width, height)
    }

    fn draw_axis(&self, svg: &mut String, bottom: f64) {
        let length = self.end - self.start;
        let step = step(length);
        let marks = (0..).map(|number| f64::from(number) * step);
        for second in marks.take_while(|second| *second <= length + step / 100.0) {
            let x = self.x(self.start + second);
            // Rounded: three times 0.2 is 0.6000000000000001.
            let second = (second * 1000.0).round() / 1000.0;
            let _ = write!(
                svg,
                "<line class=\"axis\" x1=\"{x:.1}\" x2=\"{x:.1}\" y1=\"{TOP}\" y2=\"{bottom}\"/>\
                 <text class=\"axis\" x=\"{x:.1}\" y=\"{:.1}\" text-anchor=\"middle\">{second} s</text>",
                bottom + 18.0
            );
        }
    }

    fn draw_lane(&self, svg: &mut String, lane: &Lane, y: f64) {
        let first = self.x(lane.ran[0].0);
        let last = self.x(lane.ran[lane.ran.len() - 1].1);
        let _ = write!(
            svg,
            "<text class=\"name\" x=\"0\" y=\"{:.1}\">{}</text>\
             <line class=\"waiting\" x1=\"{first:.1}\" x2=\"{last:.1}\" y1=\"{y:.1}\" y2=\"{y:.1}\"/>",
            y + 4.0,
            escape(&lane.name)
        );
        for &(begin, end) in &lane.ran {
            // A run takes microseconds: drawn to scale, nobody would see it.
            let width = (self.x(end) - self.x(begin)).max(4.0);
            let _ = write!(
                svg,
                "<rect class=\"running\" x=\"{:.1}\" y=\"{:.1}\" width=\"{width:.1}\" height=\"16\"/>",
                self.x(begin) - 2.0,
                y - 8.0
            );
        }
    }

    fn x(&self, at: f64) -> f64 {
        NAMES + WIDTH * (at - self.start) / (self.end - self.start)
    }
}

impl Lane {
    fn end_run(&mut self, at: f64) {
        if let Some(run) = self.ran.last_mut() {
            run.1 = at;
        }
    }
}

/// Five to ten marks on an axis of `length`.
fn step(length: f64) -> f64 {
    let mut step = 0.001;
    for factor in [2.0, 2.5, 2.0].into_iter().cycle() {
        if length / step <= 10.0 {
            break;
        }
        step *= factor;
    }
    step
}

fn count(number: usize) -> f64 {
    f64::from(u32::try_from(number).unwrap_or(u32::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_recorded_run_becomes_a_lane_for_each_task() {
        let run = Run::parse(
            r#"[
            {"ph":"M","cat":"__metadata","name":"thread_name","tid":1,"ts":0,"args":{"name":"Task-1"}},
            {"ph":"B","cat":"task","name":"Task-1","tid":1,"ts":0,"args":{}},
            {"ph":"E","cat":"task","name":"Task-1","tid":1,"ts":10,"args":{}},
            {"ph":"B","cat":"task","name":"Task-1","tid":1,"ts":2000000,"args":{}},
            {"ph":"E","cat":"task","name":"Task-1","tid":1,"ts":2000010,"args":{}}]"#,
        )
        .unwrap();
        let svg = run.svg();
        assert_eq!(svg.matches("class=\"running\"").count(), 2);
        assert_eq!(svg.matches("class=\"waiting\"").count(), 1);
        assert!(svg.contains(">Task-1</text>"));
        assert!(svg.contains(">2 s</text>"));
    }

    #[test]
    fn the_axis_has_round_numbers() {
        for (end, mark) in [(1.4, "0.6"), (0.65, "0.3"), (0.012, "0.006")] {
            let mut svg = String::new();
            Run { lanes: BTreeMap::new(), start: 0.0, end }.draw_axis(&mut svg, 0.0);
            assert!(svg.contains(&format!(">{mark} s</text>")), "{svg}");
            assert!(!svg.contains("00000"), "{svg}");
        }
    }

    #[test]
    fn a_run_in_which_nothing_ran_is_an_error() {
        assert_eq!(Run::parse("[]").err().unwrap(), "nothing ran in it");
    }
}
