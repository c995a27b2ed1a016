"""A task is cancelled with the one that awaits it, as with the handle in main.rs."""

import asyncio

SECOND = 0.3


async def download():
    await asyncio.sleep(2 * SECOND)
    print("downloaded")
    return 5


async def give_up():
    task = asyncio.create_task(download())
    try:
        await asyncio.wait_for(task, SECOND)
    except TimeoutError:
        print("given up after 1 s")
    await asyncio.sleep(2 * SECOND)
    print(f"cancelled: {str(task.cancelled()).lower()}")


async def come_back():
    """`shield` keeps the cancellation away from the task."""
    task = asyncio.create_task(download())
    try:
        await asyncio.wait_for(asyncio.shield(task), SECOND)
    except TimeoutError:
        print("not yet after 1 s")
    print(f"pages: {await task}")


async def let_go():
    task = asyncio.create_task(download())
    try:
        await asyncio.wait_for(asyncio.shield(task), SECOND)
    except TimeoutError:
        print("let go after 1 s")
    await asyncio.sleep(2 * SECOND)


async def main():
    await give_up()
    await come_back()
    await let_go()


asyncio.run(main())
