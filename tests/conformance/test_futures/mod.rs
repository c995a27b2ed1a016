//! `test_futures.py`, of Python 3.11. Its future is [`asyncio::Future`], of `EventLoop::create_future`.

mod callbacks;
mod states;
mod unseen;
mod wrapped;

use asyncio::Future;

fn future<T>() -> Future<T> {
    asyncio::get_running_loop().unwrap().create_future()
}
