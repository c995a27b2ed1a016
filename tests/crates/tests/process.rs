//! async-process, used directly.

use async_process::{Command, Stdio};
use futures::io::AsyncWriteExt;

#[asyncio::test]
async fn a_child_is_written_to_and_awaited() {
    let mut child =
        Command::new("cat").stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let mut input = child.stdin.take().unwrap();
    input.write_all(b"hello").await.unwrap();
    drop(input);
    let output = child.output().await.unwrap();
    assert!(output.status.success());
    assert_eq!(output.stdout, b"hello");
}
