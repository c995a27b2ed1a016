"""A task that catches its cancellation and goes on, as in main.rs, twice as fast."""

import asyncio

SECOND = 0.5


async def stubborn():
    """The mistake: a cancellation counts as an attempt that failed."""
    for attempt in range(1, 4):
        try:
            await asyncio.sleep(5 * SECOND)
            print(f"attempt {attempt}: done")
        except asyncio.CancelledError:
            print(f"attempt {attempt}: failed")


async def obedient():
    """The way out: say what has to be said, and pass it on."""
    for attempt in range(1, 4):
        try:
            await asyncio.sleep(5 * SECOND)
            print(f"attempt {attempt}: done")
        except asyncio.CancelledError:
            print(f"attempt {attempt}: cut off")
            raise


def now():
    return asyncio.get_running_loop().time()


async def cancel_after_a_second(name, attempts):
    task = asyncio.create_task(attempts)
    await asyncio.sleep(SECOND)
    task.cancel()
    cancelled_at = now()
    await asyncio.wait([task])
    end = "cancelled" if task.cancelled() else "done"
    # Whole seconds, as in main.rs: on a busy machine a sleep ends late, and never early.
    print(f"{name}: {end} {int((now() - cancelled_at) / SECOND)} s later")


async def main():
    await cancel_after_a_second("stubborn", stubborn())
    await cancel_after_a_second("obedient", obedient())


asyncio.run(main())
