"""A task is started by create_task; its first line runs in the next turn of the loop."""

import asyncio


async def work(name):
    print(f"{name} starts")
    await asyncio.sleep(0.01)
    print(f"{name} ends")


async def main():
    # The loop holds tasks weakly: without these
    # names they might be collected.
    a = asyncio.create_task(work("A"))
    b = asyncio.create_task(work("B"))
    print("main: made two tasks")
    await asyncio.sleep(0)
    print("main: is back")
    await asyncio.sleep(0.02)


asyncio.run(main())
