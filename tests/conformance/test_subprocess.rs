//! `test_subprocess.py`, of Python 3.11. The children are POSIX's own tools in the place of Python.

use std::ffi::OsStr;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::process::Command as Blocking;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use asyncio::signals::{SIGHUP, SIGKILL, SIGTERM};
use asyncio::subprocess::{Command, Process, Stdio};
use asyncio::{
    create_subprocess_exec, create_subprocess_shell, create_task, gather, get_running_loop, sleep,
    wait_for, yield_now,
};

const LONG_TIMEOUT: Duration = Duration::from_secs(60);

/// More than a pipe holds. Python's `support.PIPE_MAX_SIZE`.
const PIPE_MAX_SIZE: usize = 4 * 1024 * 1024;

/// Holds nothing open: should it be left over, nobody waits for it.
fn program_blocked() -> Command {
    let sleep = create_subprocess_exec("sleep", &["3600"]).stdin(Stdio::null());
    sleep.stdout(Stdio::null()).stderr(Stdio::null())
}

fn program_cat() -> Command {
    create_subprocess_exec("cat", &[]).stdin(Stdio::piped()).stdout(Stdio::piped())
}

/// Python's child that prints how much it has read.
fn program_len() -> Command {
    create_subprocess_shell("wc -c")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
}

fn number(output: &[u8]) -> usize {
    std::str::from_utf8(output).unwrap().trim().parse().unwrap()
}

/// Waits until no process has this number, not even a zombie.
async fn is_gone(pid: u32) {
    let gone = async {
        let kill =
            || create_subprocess_exec("kill", &["-0", &pid.to_string()]).stderr(Stdio::null());
        while kill().await.unwrap().wait().await == 0 {
            sleep(Duration::from_millis(2)).await;
        }
    };
    wait_for(gone, LONG_TIMEOUT).await.unwrap();
}

/// A pipe with a name, which the child opens; Python hands it the descriptor.
struct Fifo(PathBuf);

impl Fifo {
    fn make() -> Self {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let name = format!("asyncio-conformance-{}-{number}", std::process::id());
        let path = std::env::temp_dir().join(name);
        assert!(Blocking::new("mkfifo").arg(&path).status().unwrap().success());
        Self(path)
    }
}

impl Drop for Fifo {
    fn drop(&mut self) {
        std::fs::remove_file(&self.0).unwrap();
    }
}

// SubprocessTransportTests

#[asyncio::test]
async fn test_proc_exited() {
    let process = create_subprocess_shell("exit 6").await.unwrap();
    assert_eq!(process.wait().await, 6);
    assert_eq!(process.return_code(), Some(6));
    for result in [process.send_signal(SIGTERM), process.terminate(), process.kill()] {
        assert_eq!(result.unwrap_err().kind(), ErrorKind::NotFound);
    }
}

// SubprocessMixin

#[asyncio::test]
async fn test_stdin_stdout() {
    let run = async {
        let mut process = program_cat().await.unwrap();
        let stdin = process.stdin.as_mut().unwrap();
        stdin.write(b"some data");
        stdin.drain().await.unwrap();
        stdin.close();
        let data = process.stdout.as_mut().unwrap().read_to_end().await.unwrap();
        (process.wait().await, data)
    };
    assert_eq!(wait_for(run, LONG_TIMEOUT).await, Ok((0, b"some data".to_vec())));
}

#[asyncio::test]
async fn test_communicate() {
    let run = async {
        let mut process = program_cat().await.unwrap();
        let (output, _) = process.communicate("some data").await.unwrap();
        (process.return_code(), output)
    };
    assert_eq!(wait_for(run, LONG_TIMEOUT).await, Ok((Some(0), b"some data".to_vec())));
}

#[asyncio::test]
async fn test_shell() {
    assert_eq!(create_subprocess_shell("exit 7").await.unwrap().wait().await, 7);
}

#[asyncio::test]
async fn test_start_new_session() {
    let process = create_subprocess_shell("exit 8").process_group(0).await.unwrap();
    assert_eq!(process.wait().await, 8);
}

#[asyncio::test]
async fn test_kill() {
    let process = program_blocked().await.unwrap();
    process.kill().unwrap();
    assert_eq!(process.wait().await, -SIGKILL);
}

#[asyncio::test]
async fn test_kill_issue43884() {
    // Whatever the shell has started holds its output open.
    let shell = create_subprocess_shell("sleep 3600 & echo begun; wait").stdout(Stdio::piped());
    let mut process = shell.process_group(0).await.unwrap();
    assert_eq!(process.stdout.as_mut().unwrap().read_line().await.unwrap(), b"begun\n");
    process.kill().unwrap();
    assert_eq!(process.wait().await, -SIGKILL);
    let group = format!("-{}", process.pid());
    let kill = create_subprocess_exec("kill", &["-s", "KILL", "--", &group]).await.unwrap();
    assert_eq!(kill.wait().await, 0);
}

#[asyncio::test]
async fn test_terminate() {
    let process = program_blocked().await.unwrap();
    process.terminate().unwrap();
    assert_eq!(process.wait().await, -SIGTERM);
}

#[asyncio::test]
async fn test_send_signal() {
    let shell = create_subprocess_shell("echo sleeping; exec sleep 3600").stdout(Stdio::piped());
    let mut process = shell.await.unwrap();
    assert_eq!(process.stdout.as_mut().unwrap().read_line().await.unwrap(), b"sleeping\n");
    process.send_signal(SIGHUP).unwrap();
    assert_eq!(process.wait().await, -SIGHUP);
}

#[asyncio::test]
async fn test_stdin_broken_pipe() {
    let fifo = Fifo::make();
    let shell = create_subprocess_shell("read x < \"$1\"").arg("sh").arg(&fifo.0);
    let process = shell.stdin(Stdio::piped()).await.unwrap();
    let stdin = process.stdin.as_ref().unwrap();
    stdin.write(vec![b'x'; PIPE_MAX_SIZE]);
    // Only now, with the buffer filled, may the child end.
    asyncio::fs::write(&fifo.0, "go\n").await.unwrap();
    let error = stdin.drain().await.unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::BrokenPipe | ErrorKind::ConnectionReset), "{error}");
    process.wait().await;
}

#[asyncio::test]
async fn test_communicate_ignore_broken_pipe() {
    let mut process = create_subprocess_exec("true", &[]).stdin(Stdio::piped()).await.unwrap();
    process.communicate(vec![b'x'; PIPE_MAX_SIZE]).await.unwrap();
    assert_eq!(process.wait().await, 0);
}

#[asyncio::test]
async fn test_pause_reading() {
    // Python's transport is paused and resumed; here nothing is read that nobody asked for.
    let shell = create_subprocess_shell("printf xxxxxxxxxxxxxxxxxxxxx").limit(10);
    let shell = shell.stdin(Stdio::piped()).stdout(Stdio::piped());
    let (output, _) = shell.await.unwrap().communicate("").await.unwrap();
    assert_eq!(output, [b'x'; 21]);
}

#[asyncio::test]
async fn test_stdin_not_inheritable() {
    let mut process = program_len().await.unwrap();
    // The second child must not hold the first one's input open.
    let other = program_blocked().await.unwrap();
    let (output, _) = process.communicate("abc").await.unwrap();
    assert_eq!((number(&output), process.wait().await), (3, 0));
    drop(other);
}

#[asyncio::test]
async fn test_empty_input() {
    let mut process = program_len().await.unwrap();
    let (output, _) = process.communicate("").await.unwrap();
    assert_eq!((number(&output), process.wait().await), (0, 0));
}

#[asyncio::test]
async fn test_devnull_input() {
    let mut process = program_len().stdin(Stdio::null()).await.unwrap();
    let (output, _) = process.communicate("").await.unwrap();
    assert_eq!((number(&output), process.wait().await), (0, 0));
}

#[asyncio::test]
async fn test_devnull_output() {
    let mut process = program_len().stdout(Stdio::null()).await.unwrap();
    let (output, _) = process.communicate("abc").await.unwrap();
    assert_eq!((output, process.wait().await), (Vec::new(), 0));
    assert!(process.stdout.is_none());
}

#[asyncio::test]
async fn test_devnull_error() {
    let mut process = program_len().stderr(Stdio::null()).await.unwrap();
    let (_, errors) = process.communicate("abc").await.unwrap();
    assert_eq!((errors, process.wait().await), (Vec::new(), 0));
    assert!(process.stderr.is_none());
}

#[cfg(target_os = "linux")]
#[asyncio::test]
async fn test_devstdin_input() {
    let cat = create_subprocess_exec("cat", &["/dev/stdin"]);
    let mut process = cat.stdin(Stdio::piped()).stdout(Stdio::piped()).await.unwrap();
    let (output, _) = process.communicate("abc").await.unwrap();
    assert_eq!((output.len(), process.wait().await), (3, 0));
}

#[asyncio::test]
async fn test_cancel_process_wait() {
    let process = std::rc::Rc::new(program_blocked().await.unwrap());
    let waited = process.clone();
    let task = create_task(async move { waited.wait().await });
    let again = asyncio::TaskRef::clone(&task);
    let canceller = again.clone();
    get_running_loop().unwrap().call_soon(move || _ = canceller.cancel());
    assert!(task.await.unwrap_err().is_cancelled());
    again.cancel();
    process.kill().unwrap();
    assert_eq!(process.wait().await, -SIGKILL);
}

#[asyncio::test]
async fn test_cancel_make_subprocess_transport_exec() {
    let task = create_task(program_blocked().into_future());
    let canceller = asyncio::TaskRef::clone(&task);
    get_running_loop().unwrap().call_soon(move || _ = canceller.cancel());
    // Whether it was made before or not at all: nothing is left of it.
    if let Ok(process) = task.await {
        let process = process.unwrap();
        let pid = process.pid();
        drop(process);
        is_gone(pid).await;
    }
}

#[asyncio::test]
async fn test_close_kill_running() {
    let process = program_blocked().await.unwrap();
    let pid = process.pid();
    assert_eq!(process.return_code(), None);
    drop(process);
    is_gone(pid).await;
}

/// What starting a program that is not there comes to.
async fn popen_error(command: Command) -> ErrorKind {
    command.await.map(|_| ()).unwrap_err().kind()
}

#[asyncio::test]
async fn test_popen_error() {
    let missing = create_subprocess_exec("/no/such/program", &[]);
    assert_eq!(popen_error(missing).await, ErrorKind::NotFound);
}

#[asyncio::test]
async fn test_popen_error_with_stdin_pipe() {
    let missing = create_subprocess_exec("/no/such/program", &[]).stdin(Stdio::piped());
    assert_eq!(popen_error(missing).await, ErrorKind::NotFound);
}

#[asyncio::test]
async fn test_read_stdout_after_process_exit() {
    let shell = create_subprocess_shell("head -c 262144 /dev/zero; exit 1").stdout(Stdio::piped());
    let mut process = shell.await.unwrap();
    let mut length = 0;
    loop {
        let data = process.stdout.as_mut().unwrap().read(1000).await.unwrap();
        if data.is_empty() {
            break;
        }
        length += data.len();
        // The last of it is read when the process is long gone.
        if length > 262_144 - 4096 {
            assert_eq!(process.wait().await, 1);
        }
        yield_now().await;
    }
    assert_eq!(length, 262_144);
}

#[asyncio::test]
async fn test_create_subprocess_exec_with_path() {
    let program: &Path = Path::new("/bin/sh");
    let process = create_subprocess_exec(program, &["-c", ":"]).await.unwrap();
    assert_eq!(process.wait().await, 0);
    let process = create_subprocess_exec("sh", &["-c", ":"]).arg(Path::new(".")).await.unwrap();
    assert_eq!(process.wait().await, 0);
}

async fn stdout_of(command: &str, arg: impl AsRef<OsStr>) -> String {
    let command = create_subprocess_exec(command, &[]).arg(arg).stdout(Stdio::piped());
    let mut process: Process = command.await.unwrap();
    let (output, _) = process.communicate("").await.unwrap();
    String::from_utf8(output).unwrap().trim().to_owned()
}

#[asyncio::test]
async fn test_subprocess_communicate_stdout() {
    let outputs: Vec<String> = (0..10).map(|number| format!("foo{number}")).collect();
    let read = gather(outputs.iter().map(|output| stdout_of("echo", output))).await;
    assert_eq!(read, outputs);
}
