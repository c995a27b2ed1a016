"""A task is cancelled with the one that awaits it, as with the handle in main.rs."""

import asyncio


async def download():
    await asyncio.sleep(2)
    print("downloaded")
    return 5


async def give_up():
    task = asyncio.create_task(download())
    try:
        await asyncio.wait_for(task, 1)
    except TimeoutError:
        print("given up after 1 s")
    await asyncio.sleep(2)
    print(f"cancelled: {str(task.cancelled()).lower()}")


async def come_back():
    """`shield` keeps the cancellation away from the task."""
    task = asyncio.create_task(download())
    try:
        await asyncio.wait_for(asyncio.shield(task), 1)
    except TimeoutError:
        print("not yet after 1 s")
    print(f"pages: {await task}")


async def main():
    await give_up()
    await come_back()


asyncio.run(main())
