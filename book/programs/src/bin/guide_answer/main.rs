//! What an async function answers comes out of `asyncio::run`, or out of `main`.
//!
//! ```text
//! cargo run -p asyncio-book-programs --bin guide_answer
//! ```

use std::num::ParseIntError;
use std::time::Duration;

async fn double(text: &str) -> Result<i32, ParseIntError> {
    let number: i32 = text.parse()?;
    asyncio::sleep(Duration::from_millis(100)).await;
    Ok(number * 2)
}

fn main() {
    println!("{:?}", asyncio::run(double("21")));
    println!("{:?}", annotated());
}

#[asyncio::main]
async fn annotated() -> Result<i32, ParseIntError> {
    let four = double("2").await?;
    let error = double("two").await?;
    // Not reached: the `?` above has left.
    Ok(four + error)
}
