//! What `ladder_5` asks of the system to set its timer, to wait and to read from a socket:
//! `book/figures/ladder_5.*.strace.txt`.
//!
//! Which of its threads waits, and what else ends a wait, is another thing in each run. A run in which
//! one of the three can't be told from the others is left for the next.

use std::collections::BTreeMap;
use std::path::Path;

use super::{Progress, Report, build, machine, strace, write};

const PROGRAM: &str = "ladder_5";

/// What it says in the socket.
const LETTER: &str = "from a socket";

const RUNS: usize = 10;

/// The calls that matter; the fewer are watched, the less that slows the program down.
const WATCHED: &str = "trace=prctl,epoll_create1,eventfd2,timerfd_create,timerfd_settime,epoll_ctl,\
                       epoll_pwait,read,write,sendto,recvfrom";

pub(super) fn record(folder: &Path, report: Report<'_>) -> Result<(), String> {
    report(Progress { done: 0, of: 1, message: "epoll: building" });
    let path = &build::binaries(&[PROGRAM])?[PROGRAM];
    for done in 0..RUNS {
        report(Progress { done, of: RUNS, message: "epoll: watching ladder_5" });
        let trace = match strace::watch(PROGRAM, path, &["-e", WATCHED]) {
            Ok(trace) => trace,
            Err(reason) => {
                let message = format!("epoll: left out ({reason})");
                report(Progress { done: RUNS, of: RUNS, message: &message });
                return Ok(());
            }
        };
        if let Some(excerpts) = excerpts(&calls(&trace)) {
            for (name, excerpt) in excerpts {
                write(&folder.join(format!("{PROGRAM}.{name}.strace.txt")), &text(&excerpt))?;
            }
            report(Progress { done: RUNS, of: RUNS, message: "epoll: recorded" });
            return Ok(());
        }
    }
    Err(format!(
        "in none of {RUNS} runs did {PROGRAM} set its timer, wait and read as book/src/record/epoll.rs \
         expects it: nothing is written; look at `strace -f {PROGRAM}`"
    ))
}

fn text(calls: &[&Call]) -> String {
    let (today, system) = (machine::today(), machine::system());
    let lines = calls.iter().map(|call| format!("{:<10}{}\n", call.thread, call.text));
    format!("# strace -f of {PROGRAM}, shortened; {today}, {system}\n{}", lines.collect::<String>())
}

/// A system call: which thread made it, and how it reads.
#[derive(Debug, PartialEq, Eq)]
struct Call {
    thread: String,
    text: String,
}

impl Call {
    fn name(&self) -> &str {
        self.text.split('(').next().unwrap_or_default()
    }
}

/// The calls that strace tells of, in the order in which they ended.
fn calls(trace: &str) -> Vec<Call> {
    let mut begun = BTreeMap::new();
    let mut threads = BTreeMap::new();
    let mut calls = Vec::new();
    for line in trace.lines() {
        let Some((id, said)) = line.trim_start().split_once(' ') else { continue };
        if threads.is_empty() {
            threads.insert(id, "main".to_owned());
        }
        if let Some(begin) = said.strip_suffix(" <unfinished ...>") {
            begun.insert(id, begin);
            continue;
        }
        let whole = match said.trim_start().strip_prefix("<... ") {
            Some(said) => {
                let end = said.split_once(" resumed>").map_or("", |(_, end)| end);
                format!("{}{}", begun.remove(id).unwrap_or_default(), end)
            }
            None => said.to_owned(),
        };
        if let Some(name) = between(&whole, "prctl(PR_SET_NAME, \"", "\"") {
            threads.insert(id, name.to_owned());
        } else if whole.contains('(') {
            let thread = threads.get(id).cloned().unwrap_or_default();
            calls.push(Call { thread, text: shortened(whole.trim()) });
        }
    }
    calls
}

/// The three that the pages show, if each is there, whole and by itself.
fn excerpts(calls: &[Call]) -> Option<[(&'static str, Vec<&Call>); 3]> {
    Some([("timer", timer(calls)?), ("wait", wait(calls)?), ("socket", socket(calls)?)])
}

/// Sets the timer to another deadline, from the thread that then waits: after the first delay is over.
fn timer(calls: &[Call]) -> Option<Vec<&Call>> {
    const NAMES: [&str; 6] =
        ["write", "timerfd_settime", "epoll_ctl", "epoll_pwait", "read", "epoll_ctl"];
    let first_is_over = calls.iter().position(|call| call.text.starts_with("write(1, "))?;
    let made = ["epoll_create1", "eventfd2", "timerfd_create"].map(|name| find(calls, name));
    let set = in_a_row(&calls[first_is_over + 1..], "main", NAMES, |_| true)?;
    made.into_iter().chain(set.into_iter().map(Some)).collect()
}

/// A wait that lasts until its deadline.
fn wait(calls: &[Call]) -> Option<Vec<&Call>> {
    const NAMES: [&str; 5] = ["timerfd_settime", "epoll_ctl", "epoll_pwait", "read", "epoll_ctl"];
    let lasts =
        |wait: &[&Call]| wait[3].text.ends_with("EAGAIN") && !wait[0].text.contains("{0 ms}");
    ["main", "async-io"].into_iter().find_map(|thread| in_a_row(calls, thread, NAMES, lasts))
}

/// The life of the socket that is read.
fn socket(calls: &[Call]) -> Option<Vec<&Call>> {
    let read = calls.iter().find(|it| it.name() == "recvfrom" && it.text.contains(LETTER))?;
    let socket = between(&read.text, "(", ",")?;
    let is_change = |call: &Call| {
        call.name() == "epoll_ctl" && call.text.split(", ").nth(2).is_some_and(|it| it == socket)
    };
    let place = between(&calls.iter().find(|call| is_change(call))?.text, "data=", "}")?;
    let event = format!("data={place}}}");
    let concerns_it = |call: &&Call| match call.name() {
        "epoll_create1" => true,
        "epoll_ctl" => is_change(call),
        "epoll_pwait" => call.text.contains(&event),
        "sendto" | "recvfrom" => call.text.contains(LETTER),
        _ => false,
    };
    let life: Vec<&Call> = calls.iter().filter(concerns_it).collect();
    let names = [
        "epoll_create1",
        "epoll_ctl",
        "epoll_ctl",
        "sendto",
        "epoll_pwait",
        "recvfrom",
        "epoll_ctl",
    ];
    life.iter().map(|call| call.name()).eq(names).then_some(life)
}

fn find<'a>(calls: &'a [Call], name: &str) -> Option<&'a Call> {
    calls.iter().find(|call| call.name() == name)
}

/// The first calls of that thread's that have these names, one right after the other.
fn in_a_row<'a, const N: usize>(
    calls: &'a [Call],
    thread: &str,
    names: [&str; N],
    is_it: impl Fn(&[&Call]) -> bool,
) -> Option<Vec<&'a Call>> {
    let its: Vec<&Call> = calls.iter().filter(|call| call.thread == thread).collect();
    let has_the_names = |row: &&[&Call]| row.iter().map(|call| call.name()).eq(names);
    its.windows(N).filter(has_the_names).find(|row| is_it(row)).map(<[_]>::to_vec)
}

/// The call without what no page speaks of.
fn shortened(call: &str) -> String {
    let (call, result) = call.rsplit_once(" = ").unwrap_or((call, "?"));
    let call = match call.split('(').next() {
        Some("timerfd_settime") => with_one_time(call),
        Some("epoll_pwait") => cut(call, ", NULL, "),
        _ => call.trim_end().to_owned(),
    };
    let call = call.replace("|EPOLLPRI|EPOLLERR|EPOLLHUP|", "|…|");
    let call = replaced(&call, "{u32=", "}", |both| {
        both.rsplit('=').next().unwrap_or_default().replace(&u64::MAX.to_string(), "u64::MAX")
    });
    let call = replaced(&call, "0x", ",", |_| "…,".to_owned());
    let result = result.split(" (").next().unwrap_or_default();
    format!("{call} = {result}")
}

/// `timerfd_settime` with the time until it rings, in whole milliseconds, and nothing else.
fn with_one_time(call: &str) -> String {
    let time = call.split_once("it_value=").map_or("", |(_, time)| time);
    let number = |name, end| between(time, name, end)?.parse::<u64>().ok();
    let seconds = number("tv_sec=", ",").unwrap_or_default();
    let milliseconds = seconds * 1000 + number("tv_nsec=", "}").unwrap_or_default() / 1_000_000;
    let head = call.split("{it_interval").next().unwrap_or_default();
    format!("{head}{{{milliseconds} ms}}, …)")
}

fn cut(call: &str, from: &str) -> String {
    match call.split_once(from) {
        Some((head, _)) => format!("{head}, …)"),
        None => call.to_owned(),
    }
}

/// `text` with each stretch from `start` to `end` replaced by what `with` makes of what is in between.
fn replaced(text: &str, start: &str, end: &str, with: impl Fn(&str) -> String) -> String {
    let mut parts = text.split(start);
    let mut whole = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let (inner, rest) = part.split_once(end).unwrap_or((part, ""));
        whole += &with(inner);
        whole += rest;
    }
    whole
}

/// What stands between the first `start` and the next `end`.
fn between<'a>(text: &'a str, start: &str, end: &str) -> Option<&'a str> {
    Some(text.split_once(start)?.1.split_once(end)?.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    const TRACE: &str = r#"
14337 epoll_create1(EPOLL_CLOEXEC)      = 6
14337 eventfd2(0, EFD_CLOEXEC|EFD_NONBLOCK) = 7
14337 timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC|TFD_NONBLOCK) = 8
14337 epoll_ctl(6, EPOLL_CTL_ADD, 4, {events=EPOLLONESHOT, data={u32=0, u64=0}}) = 0
14337 epoll_ctl(6, EPOLL_CTL_ADD, 5, {events=EPOLLONESHOT, data={u32=1, u64=1}}) = 0
14337 epoll_ctl(6, EPOLL_CTL_MOD, 4, {events=EPOLLIN|EPOLLPRI|EPOLLERR|EPOLLHUP|EPOLLONESHOT, data={u32=0, u64=0}}) = 0
14338 prctl(PR_SET_NAME, "async-io")    = 0
14338 timerfd_settime(8, 0, {it_interval={tv_sec=0, tv_nsec=0}, it_value={tv_sec=0, tv_nsec=299821876}}, {it_interval={tv_sec=0, tv_nsec=0}, it_value={tv_sec=0, tv_nsec=299824851}}) = 0
14338 epoll_ctl(6, EPOLL_CTL_MOD, 8, {events=EPOLLIN|EPOLLPRI|EPOLLERR|EPOLLHUP|EPOLLONESHOT, data={u32=4294967295, u64=18446744073709551615}}) = 0
14338 epoll_pwait(6, [{events=EPOLLIN, data={u32=4294967295, u64=18446744073709551615}}], 1024, -1, NULL, 299821876) = 1
14338 read(7, 0x7ffdc8613c38, 8)        = -1 EAGAIN (Resource temporarily unavailable)
14338 epoll_ctl(6, EPOLL_CTL_MOD, 7, {events=EPOLLIN|EPOLLPRI|EPOLLERR|EPOLLHUP|EPOLLONESHOT, data={u32=4294967295, u64=18446744073709551615}}) = 0
14337 write(1, "hello\n", 6)            = 6
14337 write(7, "\1\0\0\0\0\0\0\0", 8)   = 8
14337 timerfd_settime(8, 0, {it_interval={tv_sec=0, tv_nsec=0}, it_value={tv_sec=1, tv_nsec=270406072}}, {it_interval={tv_sec=0, tv_nsec=0}, it_value={tv_sec=0, tv_nsec=0}}) = 0
14337 epoll_ctl(6, EPOLL_CTL_MOD, 8, {events=EPOLLIN|EPOLLPRI|EPOLLERR|EPOLLHUP|EPOLLONESHOT, data={u32=4294967295, u64=18446744073709551615}}) = 0
14337 epoll_pwait(6, [{events=EPOLLIN, data={u32=4294967295, u64=18446744073709551615}}], 1024, -1, NULL, 270406072) = 1
14337 read(7, "\1\0\0\0\0\0\0\0", 8)    = 8
14337 epoll_ctl(6, EPOLL_CTL_MOD, 7, {events=EPOLLIN|EPOLLPRI|EPOLLERR|EPOLLHUP|EPOLLONESHOT, data={u32=4294967295, u64=18446744073709551615}}) = 0
14338 epoll_pwait(6,  <unfinished ...>
14337 sendto(5, "from a socket", 13, MSG_NOSIGNAL, NULL, 0) = 13
14338 <... epoll_pwait resumed>[{events=EPOLLIN, data={u32=0, u64=0}}, {events=EPOLLIN, data={u32=4294967295, u64=18446744073709551615}}], 1024, -1, NULL, 184145989) = 2
14337 recvfrom(4, "from a socket", 64, 0, NULL, NULL) = 13
14337 epoll_ctl(6, EPOLL_CTL_DEL, 4, NULL) = 0
14337 exit_group(0)                     = ?
14337 +++ exited with 0 +++
"#;

    fn excerpt(trace: &str, index: usize) -> Option<String> {
        let calls = calls(trace.trim_start());
        let (_, excerpt) = &excerpts(&calls)?[index];
        Some(text(excerpt).split_once('\n').expect("a line says what it is").1.to_owned())
    }

    #[test]
    fn the_timer_s_calls_are_those_after_the_first_delay() {
        let expected = r#"main      epoll_create1(EPOLL_CLOEXEC) = 6
main      eventfd2(0, EFD_CLOEXEC|EFD_NONBLOCK) = 7
main      timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC|TFD_NONBLOCK) = 8
main      write(7, "\1\0\0\0\0\0\0\0", 8) = 8
main      timerfd_settime(8, 0, {1270 ms}, …) = 0
main      epoll_ctl(6, EPOLL_CTL_MOD, 8, {events=EPOLLIN|…|EPOLLONESHOT, data=u64::MAX}) = 0
main      epoll_pwait(6, [{events=EPOLLIN, data=u64::MAX}], 1024, -1, …) = 1
main      read(7, "\1\0\0\0\0\0\0\0", 8) = 8
main      epoll_ctl(6, EPOLL_CTL_MOD, 7, {events=EPOLLIN|…|EPOLLONESHOT, data=u64::MAX}) = 0
"#;
        assert_eq!(excerpt(TRACE, 0).unwrap(), expected);
    }

    #[test]
    fn a_wait_is_five_calls_of_one_thread() {
        let expected = "\
async-io  timerfd_settime(8, 0, {299 ms}, …) = 0
async-io  epoll_ctl(6, EPOLL_CTL_MOD, 8, {events=EPOLLIN|…|EPOLLONESHOT, data=u64::MAX}) = 0
async-io  epoll_pwait(6, [{events=EPOLLIN, data=u64::MAX}], 1024, -1, …) = 1
async-io  read(7, …, 8) = -1 EAGAIN
async-io  epoll_ctl(6, EPOLL_CTL_MOD, 7, {events=EPOLLIN|…|EPOLLONESHOT, data=u64::MAX}) = 0
";
        assert_eq!(excerpt(TRACE, 1).unwrap(), expected);
    }

    #[test]
    fn a_call_stands_where_it_ended_under_the_thread_that_made_it() {
        let expected = "\
main      epoll_create1(EPOLL_CLOEXEC) = 6
main      epoll_ctl(6, EPOLL_CTL_ADD, 4, {events=EPOLLONESHOT, data=0}) = 0
main      epoll_ctl(6, EPOLL_CTL_MOD, 4, {events=EPOLLIN|…|EPOLLONESHOT, data=0}) = 0
main      sendto(5, \"from a socket\", 13, MSG_NOSIGNAL, NULL, 0) = 13
async-io  epoll_pwait(6, [{events=EPOLLIN, data=0}, {events=EPOLLIN, data=u64::MAX}], 1024, -1, …) = 2
main      recvfrom(4, \"from a socket\", 64, 0, NULL, NULL) = 13
main      epoll_ctl(6, EPOLL_CTL_DEL, 4, NULL) = 0
";
        assert_eq!(excerpt(TRACE, 2).unwrap(), expected);
    }

    #[test]
    fn a_run_that_lacks_one_of_them_is_no_recording() {
        for gone in ["sendto", "EAGAIN", "read(7, \"", "timerfd_create"] {
            let lines = TRACE.lines().filter(|line| !line.contains(gone));
            assert_eq!(excerpt(&lines.collect::<Vec<_>>().join("\n"), 0), None, "{gone}");
        }
        assert_eq!(excerpt("", 0), None);
    }
}
