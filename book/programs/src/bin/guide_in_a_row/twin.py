"""Two coroutines awaited one after the other. Prints output.txt, as main.rs does."""

import asyncio
import time


async def say_after(seconds, what):
    await asyncio.sleep(seconds)
    print(what)


async def main():
    start = time.monotonic()
    world = say_after(2, "world")
    hello = say_after(1, "hello")
    print("made two futures")
    await world
    await hello
    print(f"both took {time.monotonic() - start:.0f} s")


asyncio.run(main())
