"""What goes wrong is raised, and goes through every function that doesn't catch it."""

import asyncio


async def price(fruit):
    await asyncio.sleep(0.01)
    if fruit == "apple":
        return 3
    raise ValueError(f"no price for {fruit}")


async def total():
    here = await price("apple")
    # No sign that this may fail, and none whether
    # price or the task did.
    beside = await asyncio.create_task(price("kiwi"))
    return here + beside


async def main():
    try:
        print(f"total: {await total()}")
    except ValueError as error:
        print(f"failed: {error}")


asyncio.run(main())
