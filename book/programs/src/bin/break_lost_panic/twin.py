"""A task that nobody awaits fails, as the one in main.rs."""

import asyncio


async def bake(flour):
    await asyncio.sleep(0.01)
    if flour == 0:
        raise ValueError("no flour left")
    return flour - 1


async def main():
    # Nobody will look at its end. Without `baker`, Python might even drop it.
    baker = asyncio.create_task(bake(0), name="baker")
    await asyncio.sleep(0.2)
    del baker
    print("the loop goes on")

    # The way out: await it.
    try:
        print(f"flour left: {await asyncio.create_task(bake(0))}")
    except ValueError as error:
        print(f"seen: {error}")


asyncio.run(main())
