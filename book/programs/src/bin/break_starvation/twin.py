"""A task that never gives way, and the same task with sleep(0), as in main.rs."""

import asyncio


async def greedy(name):
    for step in range(1, 4):
        print(f"{name} {step}")


async def polite(name):
    for step in range(1, 4):
        print(f"{name} {step}")
        await asyncio.sleep(0)


async def main():
    print("greedy:")
    await asyncio.gather(greedy("a"), greedy("b"))

    print("polite:")
    await asyncio.gather(polite("a"), polite("b"))

    # One of each.
    print("both:")
    tasks = asyncio.create_task(polite("polite")), asyncio.create_task(greedy("greedy"))
    for task in tasks:
        await task


asyncio.run(main())
