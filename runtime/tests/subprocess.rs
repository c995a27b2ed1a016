//! Other programs: what they are given, what comes back, and how they end. Only POSIX's own tools are used.

#![cfg(unix)]

#[allow(dead_code, reason = "a child is started and read from, not signalled")]
mod child;
mod support;

use std::fs::{self, File};
use std::future::Future;
use std::io::ErrorKind;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::pin::pin;
use std::process::Command as Blocking;
use std::thread;
use std::time::{Duration, Instant};

use asyncio::signals::{SIGHUP, SIGINT, SIGKILL, SIGTERM, SIGUSR1};
use asyncio::subprocess::{Process, Stdio};
use asyncio::{
    Runner, create_subprocess_exec, create_subprocess_shell, create_task, gather, wait_for,
    yield_now,
};

/// Long enough for a machine with other things to do; short enough to see that something hangs.
const LIMIT: Duration = Duration::from_secs(30);

/// Holds nothing open: should it be left over, nobody waits for it.
async fn sleeper() -> Process {
    let sleep = create_subprocess_exec("sleep", &["3600"]).stdin(Stdio::null());
    sleep.stdout(Stdio::null()).stderr(Stdio::null()).await.unwrap()
}

/// A shell with all of its streams piped.
async fn shell(command: &str) -> Process {
    let command = create_subprocess_shell(command).stdin(Stdio::piped());
    command.stdout(Stdio::piped()).stderr(Stdio::piped()).await.unwrap()
}

async fn line(process: &mut Process) -> String {
    String::from_utf8(process.stdout.as_mut().unwrap().read_line().await.unwrap()).unwrap()
}

/// Whether there is a process of this number, be it a zombie.
fn exists(pid: u32) -> bool {
    let kill = format!("kill -0 {pid}");
    Blocking::new("sh")
        .args(["-c", &kill])
        .stderr(std::process::Stdio::null())
        .status()
        .unwrap()
        .success()
}

/// Waits until no process has this number any more, not even a zombie.
fn is_gone(pid: u32) -> bool {
    let end = Instant::now() + LIMIT;
    while exists(pid) {
        if Instant::now() > end {
            return false;
        }
        thread::sleep(Duration::from_millis(2));
    }
    true
}

fn fifo(folder: &Path, name: &str) -> String {
    let path = folder.join(name);
    assert!(Blocking::new("mkfifo").arg(&path).status().unwrap().success());
    path.to_str().unwrap().to_owned()
}

#[asyncio::test]
async fn a_program_that_is_not_there_is_an_error_that_names_it() {
    let error = create_subprocess_exec("no-such-program", &["x"]).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotFound);
    let text = "can't run no-such-program: No such file or directory (os error 2)";
    assert_eq!(error.to_string(), text);
}

#[asyncio::test]
async fn a_program_that_may_not_be_run_is_an_error_that_names_it() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("script");
    fs::write(&path, "#!/bin/sh\n").unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
    let error = create_subprocess_exec(&path, &[]).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::PermissionDenied);
    assert!(error.to_string().starts_with(&format!("can't run {}: ", path.display())), "{error}");
}

#[asyncio::test]
async fn a_folder_that_is_not_there_is_in_the_error() {
    let error = create_subprocess_exec("true", &[]).current_dir("/no/folder").await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotFound);
    assert!(error.to_string().starts_with("can't run true in /no/folder: "), "{error}");
}

#[asyncio::test]
async fn the_shell_s_exit_is_the_return_code() {
    for (command, code) in
        [("exit 0", 0), ("exit 7", 7), ("exit 255", 255), ("no-such-command", 127), ("/", 126)]
    {
        let quiet = create_subprocess_shell(command).stderr(Stdio::null());
        assert_eq!(quiet.await.unwrap().wait().await, code, "{command}");
    }
}

#[asyncio::test]
async fn a_signal_s_number_is_the_return_code_below_zero() {
    for signal in [SIGHUP, SIGINT, SIGKILL, SIGUSR1, SIGTERM] {
        let process = sleeper().await;
        process.send_signal(signal).unwrap();
        assert_eq!(process.wait().await, -signal);
    }
    let (terminated, killed) = (sleeper().await, sleeper().await);
    terminated.terminate().unwrap();
    killed.kill().unwrap();
    assert_eq!((terminated.wait().await, killed.wait().await), (-SIGTERM, -SIGKILL));
}

#[asyncio::test]
async fn the_return_code_is_known_without_a_wait() {
    let process = create_subprocess_shell("exit 5").await.unwrap();
    assert_eq!(process.return_code(), None);
    let noticed = async {
        while process.return_code().is_none() {
            asyncio::sleep(Duration::from_millis(1)).await;
        }
    };
    wait_for(noticed, LIMIT).await.unwrap();
    assert_eq!(process.return_code(), Some(5));
}

#[asyncio::test]
async fn a_signal_to_a_process_that_has_ended_is_an_error() {
    let process = create_subprocess_shell("exit 5").await.unwrap();
    let pid = process.pid();
    process.wait().await;
    for result in [process.kill(), process.terminate(), process.send_signal(SIGHUP)] {
        let error = result.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::NotFound);
        assert_eq!(error.to_string(), format!("process {pid} has ended with 5"));
    }
}

#[asyncio::test]
async fn what_is_no_signal_is_an_error() {
    let process = sleeper().await;
    for number in [0, -1, 99999] {
        let error = process.send_signal(number).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidInput);
        assert_eq!(error.to_string(), format!("{number} is the number of no signal"));
    }
    assert_eq!(process.return_code(), None);
}

#[asyncio::test]
async fn several_may_wait_and_one_may_give_up() {
    let process = std::rc::Rc::new(shell("read x; exit 3").await);
    let waiting: Vec<_> = (0..3)
        .map(|_| {
            let process = process.clone();
            create_task(async move { process.wait().await })
        })
        .collect();
    yield_now().await;
    waiting[1].cancel();
    process.stdin.as_ref().unwrap().write(b"\n");
    let codes: Vec<_> = gather(waiting).await.into_iter().map(Result::ok).collect();
    assert_eq!(codes, [Some(3), None, Some(3)]);
}

#[asyncio::test]
async fn who_ignores_sigterm_is_ended_by_a_kill() {
    let mut process = shell("trap '' TERM; echo ready; read x; echo alive; read y").await;
    assert_eq!(line(&mut process).await, "ready\n");
    process.terminate().unwrap();
    process.stdin.as_ref().unwrap().write(b"\n");
    assert_eq!(line(&mut process).await, "alive\n");
    process.kill().unwrap();
    assert_eq!(process.wait().await, -SIGKILL);
}

#[asyncio::test]
async fn a_hundred_megabytes_on_both_pipes_at_once_come_back() {
    const SIZE: usize = 100_000_000;
    let write = format!("head -c {SIZE} /dev/zero");
    let mut process = shell(&format!("{write} >&2 & {write}; wait")).await;
    let (output, errors) = process.communicate("").await.unwrap();
    assert_eq!((output.len(), errors.len()), (SIZE, SIZE));
    assert_eq!(process.return_code(), Some(0));
}

#[asyncio::test]
async fn communicate_sends_and_reads_at_once() {
    // Larger than what the pipes hold, in both directions: who does one after the other hangs.
    let input = "0123456789\n".repeat(100_000);
    let mut process = shell("tee /dev/stderr; exit 4").await;
    let (output, errors) = process.communicate(&input).await.unwrap();
    assert!(output == input.as_bytes() && errors == input.as_bytes());
    assert_eq!(process.return_code(), Some(4));
    assert_eq!(process.communicate("").await.unwrap(), (vec![], vec![]), "once more: nothing");
}

#[asyncio::test]
async fn input_that_nobody_wants_is_no_error() {
    let input = vec![b'x'; 10_000_000];
    let mut process = shell("head -c 1; exit 2").await;
    assert_eq!(process.communicate(&input).await.unwrap().0, b"x");
    assert_eq!(process.return_code(), Some(2));
}

#[asyncio::test]
async fn communicate_can_be_given_up_and_the_process_killed() {
    let mut process = shell("echo begun; exec sleep 3600").await;
    // It reads nothing and closes nothing.
    let input = vec![b'x'; 10_000_000];
    assert!(wait_for(process.communicate(&input), Duration::from_millis(50)).await.is_err());
    assert_eq!(process.return_code(), None);
    process.kill().unwrap();
    assert_eq!(process.wait().await, -SIGKILL);
}

#[asyncio::test]
async fn pipes_that_are_closed_early_end_and_the_process_goes_on() {
    let mut process = shell("exec >&- 2>&-; read x; exit 3").await;
    assert_eq!(process.stdout.as_mut().unwrap().read_to_end().await.unwrap(), b"");
    assert_eq!(process.stderr.as_mut().unwrap().read_to_end().await.unwrap(), b"");
    assert_eq!(process.return_code(), None);
    process.stdin.as_ref().unwrap().write(b"\n");
    assert_eq!(process.wait().await, 3);
}

#[asyncio::test]
async fn writing_to_a_process_that_has_closed_its_input_is_a_broken_pipe() {
    let mut process = shell("exec <&-; echo closed; exec sleep 3600").await;
    assert_eq!(line(&mut process).await, "closed\n");
    let stdin = process.stdin.as_ref().unwrap();
    stdin.write(b"hello");
    assert_eq!(stdin.drain().await.unwrap_err().kind(), ErrorKind::BrokenPipe);
}

#[asyncio::test]
async fn a_wait_does_not_wait_for_who_holds_the_pipes() {
    // The `sleep` holds the shell's output open.
    let mut process = shell("sleep 3600 & echo $!; exit 6").await;
    let sleep: u32 = line(&mut process).await.trim().parse().unwrap();
    assert_eq!(wait_for(process.wait(), LIMIT).await, Ok(6));
    let kill = create_subprocess_exec("kill", &[&sleep.to_string()]).await.unwrap();
    assert_eq!(kill.wait().await, 0);
    assert_eq!(process.stdout.as_mut().unwrap().read_to_end().await.unwrap(), b"");
}

#[asyncio::test]
async fn a_process_that_is_dropped_is_killed_and_leaves_no_zombie() {
    let process = sleeper().await;
    let pid = process.pid();
    assert!(exists(pid));
    drop(process);
    let watch = asyncio::to_thread(move || is_gone(pid));
    assert!(watch.await);
}

#[asyncio::test]
async fn a_task_that_is_cancelled_takes_its_process_along() {
    let (sender, receiver) = futures::channel::oneshot::channel();
    let task = create_task(async move {
        let process = sleeper().await;
        sender.send(process.pid()).unwrap();
        process.wait().await
    });
    let pid = receiver.await.unwrap();
    task.cancel();
    assert!(task.await.unwrap_err().is_cancelled());
    assert!(asyncio::to_thread(move || is_gone(pid)).await);
}

#[test]
fn closing_the_loop_kills_what_still_runs() {
    let mut runner = Runner::new();
    let kept = runner.run(sleeper());
    let dropped = runner.run(async { sleeper().await.pid() });
    // Its watcher hasn't had a turn yet.
    let unseen = runner.run(async { sleeper().await });
    runner.close();
    assert!(is_gone(kept.pid()) && is_gone(dropped) && is_gone(unseen.pid()));
    drop(kept);
}

#[test]
fn a_process_that_is_detached_lives_on() {
    let folder = tempfile::tempdir().unwrap();
    let (to, from) = (fifo(folder.path(), "to"), fifo(folder.path(), "from"));
    for is_detached in [true, false] {
        let command = create_subprocess_shell(format!("read x < {to}; echo alive > {from}"));
        let command = command.kill_on_drop(is_detached);
        asyncio::run(async {
            let process = command.await.unwrap();
            if is_detached {
                process.detach();
            }
        });
        fs::write(&to, "\n").unwrap();
        assert_eq!(fs::read_to_string(&from).unwrap(), "alive\n");
    }
}

#[asyncio::test]
async fn arguments_are_handed_over_as_they_are() {
    let args = ["a b", "$HOME", "*", "'", "", "\u{e9}\n"];
    let echo = create_subprocess_shell("printf '<%s>' \"$@\"").arg("sh").args(args);
    let mut echo = echo.stdout(Stdio::piped()).await.unwrap();
    let (output, _) = echo.communicate("").await.unwrap();
    assert_eq!(String::from_utf8(output).unwrap(), "<a b><$HOME><*><'><><\u{e9}\n>");
}

#[asyncio::test]
async fn errors_go_where_the_output_goes() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("log");
    let command = || create_subprocess_shell("echo out; echo err >&2").stderr(Stdio::stdout());
    let mut piped = command().stdout(Stdio::piped()).await.unwrap();
    assert_eq!(piped.communicate("").await.unwrap(), (b"out\nerr\n".to_vec(), vec![]));
    assert!(piped.stderr.is_none());
    let to_file = command().stdout(File::create(&path).unwrap()).await.unwrap();
    assert_eq!(to_file.wait().await, 0);
    assert_eq!(fs::read_to_string(&path).unwrap(), "out\nerr\n");
    assert_eq!(command().stdout(Stdio::null()).await.unwrap().wait().await, 0);
    let error = command().stdin(Stdio::stdout()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidInput);
    assert!(error.to_string().ends_with(": `Stdio::stdout()` is for `stderr` alone"), "{error}");
}

#[asyncio::test]
async fn one_process_can_write_to_another() {
    let (reader, writer) = std::io::pipe().unwrap();
    let (first, second) = gather!(
        create_subprocess_exec("echo", &["pears"]).stdout(writer).into_future(),
        create_subprocess_exec("tr", &["a-z", "A-Z"])
            .stdin(reader)
            .stdout(Stdio::piped())
            .into_future(),
    )
    .await;
    assert_eq!(second.unwrap().communicate("").await.unwrap().0, b"PEARS\n");
    assert_eq!(first.unwrap().wait().await, 0);
}

#[asyncio::test]
async fn what_is_not_piped_has_no_stream() {
    let process = create_subprocess_exec("true", &[]).stdin(Stdio::null()).await.unwrap();
    assert!(process.stdin.is_none() && process.stdout.is_none() && process.stderr.is_none());
    assert_eq!(process.wait().await, 0);
}

#[test]
#[should_panic(expected = "communicate() has input and the process has no `stdin`: start it with")]
fn input_without_a_pipe_is_a_mistake() {
    asyncio::run(async { drop(sleeper().await.communicate("hello").await) });
}

#[test]
fn outside_a_run_it_says_where_it_can_be_used() {
    let start = || {
        let mut cx = std::task::Context::from_waker(std::task::Waker::noop());
        drop(pin!(create_subprocess_exec("true", &[]).into_future()).poll(&mut cx));
    };
    let text = support::panic_of(start);
    assert!(
        text.starts_with("asyncio::subprocess: no running event loop on this thread"),
        "{text}"
    );
}

#[asyncio::test]
async fn many_at_once_are_told_apart() {
    let codes = gather((0..60).map(async |code| {
        let mut process = shell(&format!("read x; echo $x; exit {code}")).await;
        let (output, _) = process.communicate(format!("{code}\n")).await.unwrap();
        (String::from_utf8(output).unwrap(), process.return_code())
    }));
    for (code, seen) in (0..60).zip(codes.await) {
        assert_eq!(seen, (format!("{code}\n"), Some(code)));
    }
}

#[test]
fn loops_on_several_threads_have_their_processes_each() {
    let run = |start: i32| {
        asyncio::run(async move {
            for code in start..start + 10 {
                let process = create_subprocess_shell(format!("exit {code}")).await.unwrap();
                assert_eq!(process.wait().await, code);
            }
        });
    };
    let threads: Vec<_> = (0..4).map(|number| thread::spawn(move || run(number * 10))).collect();
    for thread in threads {
        thread.join().unwrap();
    }
}

/// The shell's value of `ASYNCIO_TRACE`, in a program that has one of its own.
async fn trace_of_a_child(command: asyncio::subprocess::Command) {
    let mut command = command.stdout(Stdio::piped()).await.unwrap();
    let (output, _) = command.communicate("").await.unwrap();
    eprint!("{}", String::from_utf8(output).unwrap());
}

#[test]
fn a_trace_is_the_program_s_own_and_other_settings_are_handed_on() {
    let show = "echo ${ASYNCIO_TRACE-none} ${ASYNCIO_SEED-none} ${ASYNCIO_DEBUG-none}";
    let body = || {
        asyncio::run(async {
            trace_of_a_child(create_subprocess_shell(show)).await;
            let own = create_subprocess_shell(show).env("ASYNCIO_TRACE", "own.json");
            trace_of_a_child(own).await;
            trace_of_a_child(create_subprocess_shell(show).env_clear()).await;
        });
    };
    if child::run_as_child(body) {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("trace.json");
    let trace = ("ASYNCIO_TRACE", path.to_str().unwrap());
    let mut child = child::Child::start(
        "a_trace_is_the_program_s_own_and_other_settings_are_handed_on",
        &[trace, ("ASYNCIO_SEED", "7")],
    );
    assert_eq!(child.line(), "none 7 none");
    assert_eq!(child.line(), "own.json 7 none");
    assert_eq!(child.line(), "none none none");
    assert!(child.end().1.success());
    assert!(fs::read_to_string(path).unwrap().contains("process "), "it has the watcher's lane");
}

#[cfg(target_os = "linux")]
#[test]
fn no_descriptor_stays_open_of_processes_that_ended_or_never_began() {
    fn open() -> usize {
        fs::read_dir("/proc/self/fd").unwrap().count()
    }
    async fn round() {
        let mut ended = shell("cat").await;
        ended.communicate("pears").await.unwrap();
        drop(ended);
        let missing = create_subprocess_exec("/no/program", &[]).stdin(Stdio::piped());
        missing.stdout(Stdio::piped()).stderr(Stdio::stdout()).await.unwrap_err();
    }
    let body = || {
        asyncio::run(async {
            // The reactor and the thread that reaps have theirs from then on.
            round().await;
            let before = open();
            for _ in 0..20 {
                round().await;
            }
            // That thread closes the last one in its own time.
            while open() > before {
                asyncio::sleep(Duration::from_millis(1)).await;
            }
            eprintln!("no more than before");
        });
    };
    if child::run_as_child(body) {
        return;
    }
    let name = "no_descriptor_stays_open_of_processes_that_ended_or_never_began";
    let (lines, status) = child::Child::start(name, &[]).end();
    assert_eq!((&*lines, status.success()), (&["no more than before".to_owned()][..], true));
}

#[test]
fn a_process_that_its_loop_no_longer_watches_is_sent_nothing() {
    let process = asyncio::run(async {
        let command = create_subprocess_shell("read x").stdin(Stdio::piped());
        command.kill_on_drop(false).await.unwrap()
    });
    let error = process.kill().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotFound);
    assert!(error.to_string().contains("its loop is closed"), "{error}");
}

#[asyncio::test]
async fn the_end_of_the_input_closes_it() {
    let mut process = shell("cat").await;
    let stdin = process.stdin.take().unwrap();
    stdin.write("pears");
    stdin.write_eof();
    wait_for(stdin.wait_closed(), LIMIT).await.unwrap().unwrap();
    assert!(stdin.is_closing());
    assert_eq!(process.communicate("").await.unwrap().0, b"pears");
}
