//! A call graph as text: the tasks that a task awaits stand below it. Mirrors `asyncio.format_call_graph`,
//! and the tree of `python -m asyncio pstree`.

use std::collections::{HashMap, HashSet};
use std::fmt;

use super::{CallGraph, CallGraphTask, State};
use crate::exceptions::place;
use crate::task::TaskId;

/// A line that is still to be written.
struct Line<'a> {
    task: &'a CallGraphTask,
    /// Where it stands: `None` for a root, else whether it is its parent's last one.
    is_last: Option<bool>,
    /// How much of the indentation is that of its parent.
    indentation: usize,
}

impl fmt::Display for CallGraph {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let tree = Tree::of(self);
        let mut shown = HashSet::new();
        let roots = self.tasks.iter().filter(|task| task.awaited_by.is_empty());
        // Behind the roots: what is left then is a circle, or hangs on one.
        for task in roots.chain(&self.tasks) {
            if !shown.contains(&task.id) {
                tree.write_below(task, &mut shown, f)?;
            }
        }
        Ok(())
    }
}

struct Tree<'a> {
    /// Whom a task awaits.
    awaited: HashMap<TaskId, Vec<&'a CallGraphTask>>,
}

impl<'a> Tree<'a> {
    fn of(graph: &'a CallGraph) -> Self {
        let mut awaited: HashMap<_, Vec<_>> = HashMap::new();
        for task in &graph.tasks {
            for awaiter in &task.awaited_by {
                awaited.entry(*awaiter).or_default().push(task);
            }
        }
        Self { awaited }
    }

    /// Writes the lines of `root` and of what it awaits. Without recursion: tasks may await each other in
    /// long chains.
    fn write_below(
        &self,
        root: &'a CallGraphTask,
        shown: &mut HashSet<TaskId>,
        f: &mut fmt::Formatter<'_>,
    ) -> fmt::Result {
        let mut to_write = vec![Line { task: root, is_last: None, indentation: 0 }];
        let mut indentation = String::new();
        while let Some(Line { task, is_last, indentation: of_parent }) = to_write.pop() {
            indentation.truncate(of_parent);
            let (branch, below) = match is_last {
                None => ("", ""),
                Some(false) => ("├── ", "│   "),
                Some(true) => ("└── ", "    "),
            };
            write!(f, "{indentation}{branch}{task}")?;
            if !shown.insert(task.id) {
                writeln!(f, " (see above)")?;
                continue;
            }
            writeln!(f)?;
            indentation.push_str(below);
            let children = self.awaited.get(&task.id).map_or(&[][..], Vec::as_slice);
            let line = |(behind, task): (usize, &&'a CallGraphTask)| Line {
                task,
                is_last: Some(behind == 0),
                indentation: indentation.len(),
            };
            to_write.extend(children.iter().rev().enumerate().map(line));
        }
        Ok(())
    }
}

impl fmt::Display for CallGraphTask {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let state = match self.state {
            State::Running => "running",
            State::Ready => "ready",
            State::Waiting => "waiting",
        };
        write!(f, "task '{}' spawned at {}: {state}", self.name, place(self.spawned_at))
    }
}
