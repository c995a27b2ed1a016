//! `GatherTests.test_env_var_debug`: what a run takes from the environment.

use std::process::Command;

/// Makes this test a child that says whether it is in debug mode.
const CHILD: &str = "ASYNCIO_CONFORMANCE_CHILD";

#[test]
fn test_env_var_debug() {
    if std::env::var_os(CHILD).is_some() {
        eprintln!("{}", asyncio::run(async { asyncio::get_running_loop().unwrap().is_debug() }));
        return;
    }
    for (value, expected) in [(None, "false"), (Some(""), "false"), (Some("1"), "true")] {
        let mut child = Command::new(std::env::current_exe().unwrap());
        child.args(["--exact", "test_tasks::environment::test_env_var_debug", "--nocapture"]);
        child.env(CHILD, "1").env_remove("ASYNCIO_DEBUG");
        if let Some(value) = value {
            child.env("ASYNCIO_DEBUG", value);
        }
        let said = child.output().unwrap().stderr;
        assert_eq!(String::from_utf8(said).unwrap().lines().next(), Some(expected), "{value:?}");
    }
}
