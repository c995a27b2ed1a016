"""A task that never gives way can't be cancelled, as in main.rs."""

import asyncio

ENOUGH = 1_000_000


async def count(every):
    """Counts to a million, and gives way every `every` steps."""
    for step in range(1, ENOUGH):
        if step % every == 0:
            await asyncio.sleep(0)
    return ENOUGH


async def outcome(counting):
    try:
        return f"counted to {await counting}"
    except asyncio.CancelledError:
        return "cancelled"


async def count_and_cancel(every):
    """Starts to count, and cancels it from a timer that is due at once."""
    counting = asyncio.create_task(count(every))
    loop = asyncio.get_running_loop()
    loop.call_later(
        0, lambda: print(f"timer: cancel gives {str(counting.cancel()).lower()}")
    )
    return await outcome(counting)


async def main():
    print(f"never gives way: {await count_and_cancel(2**32)}")
    print(f"gives way every 1,000 steps: {await count_and_cancel(1000)}")


asyncio.run(main())
