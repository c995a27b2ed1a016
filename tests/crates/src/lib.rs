//! Other people's crates run inside `asyncio::run`: `tests/` has a file for each. This says what they share.
//!
//! PostgreSQL and Redis are asked where `DATABASE_URL` and `REDIS_URL` say they are; `.ci/run` starts both.

/// The address in the environment variable `name`. `None`: it isn't set; the test says what it leaves out.
pub fn server(name: &str) -> Option<String> {
    let address = std::env::var(name).ok();
    if address.is_none() {
        eprintln!("left out: {name} is not set");
    }
    address
}
