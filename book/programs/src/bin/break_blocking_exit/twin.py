"""A function on a thread that nobody awaits: `asyncio.run` waits for it all the same."""

import asyncio
import time


def save(what):
    time.sleep(0.5)
    print(f"saved {what}")


async def main():
    await asyncio.create_task(asyncio.to_thread(save, "the book"))

    saving = asyncio.create_task(asyncio.to_thread(save, "the letter"))
    await asyncio.sleep(0.02)
    print("main ends")


asyncio.run(main())
