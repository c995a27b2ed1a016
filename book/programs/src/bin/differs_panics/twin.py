"""An exception in a task ends that task alone, as a panic does in main.rs."""

import asyncio


async def buy(what):
    raise ValueError(f"out of {what}")


async def main():
    try:
        price = await asyncio.create_task(buy("cheese"))
        print(f"paid {price}")
    except ValueError as error:
        print(f"failed: {error}")

    # Nobody awaits this one: the loop reports the exception and goes on.
    asyncio.create_task(buy("bread"), name="errand")
    await asyncio.sleep(0.01)
    print("the loop goes on")


asyncio.run(main())
