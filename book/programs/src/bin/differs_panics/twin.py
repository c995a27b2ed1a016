"""An exception in a task ends that task alone, be it a mistake or what a correct program meets."""

import asyncio


async def pick(index):
    await asyncio.sleep(0.01)
    assert index < 3, f"there is no basket {index}"
    return 7


async def main():
    try:
        print(f"picked {await asyncio.create_task(pick(3))}")
    except AssertionError as error:
        print(f"failed: {error}")

    # Nobody awaits this one: the loop reports the
    # exception and goes on.
    asyncio.create_task(pick(4), name="errand")
    await asyncio.sleep(0.2)
    print("the loop goes on")


asyncio.run(main())
