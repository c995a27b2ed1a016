#![deny(warnings)]

use std::rc::Rc;

/// `return`, `loop`, a borrow and an `Rc` across an `.await`, and a call of itself.
#[asyncio::main]
async fn main() {
    let mut turns = 0;
    loop {
        let turn = &mut turns;
        asyncio::yield_now().await;
        *turn += 1;
        if turns == 3 {
            break;
        }
    }

    let shared = Rc::new(turns);
    asyncio::yield_now().await;
    if *shared == 3 {
        return;
    }
    Box::pin(main()).await;
}
