"""Two tasks that await each other, and the same two without a circle, as in main.rs."""

import asyncio


async def wait_for(slot):
    await slot.pop()


async def circle():
    """Each has the other's task."""
    chicken, egg = [], []
    first = asyncio.create_task(wait_for(egg), name="chicken")
    second = asyncio.create_task(wait_for(chicken), name="egg")
    chicken.append(first)
    egg.append(second)

    await asyncio.sleep(0.05)
    print(f"after 1 s: {names()}")
    # Task.cancel() calls that of the task it waits for, which calls this one's.
    try:
        first.cancel()
    except RecursionError:
        print("RecursionError")
    await asyncio.sleep(0.05)
    print(f"1 s after the cancellation: {names()}")


def names():
    return ", ".join(sorted(task.get_name() for task in asyncio.all_tasks()))


async def no_circle():
    """One of them only gives: it sets a value and waits for nobody."""
    laid = asyncio.get_running_loop().create_future()

    async def chicken():
        laid.set_result("an egg")
        return "a chicken"

    async def egg():
        return await laid

    chicken, egg = asyncio.create_task(chicken()), asyncio.create_task(egg())
    print(f"without a circle: {await chicken} and {await egg}")


loop = asyncio.new_event_loop()
loop.run_until_complete(circle())
loop.run_until_complete(no_circle())
# asyncio.run would cancel the two: the RecursionError would end it.
loop.close()
print("closed")
