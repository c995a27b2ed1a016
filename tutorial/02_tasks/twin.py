"""Lesson 02 in Python: tasks run side by side. Prints output.txt, as main.rs does."""

import asyncio
import time


async def say_after(seconds, what):
    await asyncio.sleep(seconds)
    print(what)


async def main():
    start = time.monotonic()

    hello = asyncio.create_task(say_after(1, "hello"))
    world = asyncio.create_task(say_after(2, "world"))
    late = say_after(0, "the future starts only now")  # Python says: a coroutine
    print("started two tasks, made one future")

    # A failed task raises here; there is no Result to look at.
    await hello
    await world
    print(f"both tasks took {time.monotonic() - start:.0f} s")

    await late


asyncio.run(main())
