"""A task keeps its value: it can be awaited again and again."""

import asyncio


async def fetch():
    print("fetching")
    await asyncio.sleep(0.01)
    return "page"


async def main():
    task = asyncio.create_task(fetch())
    print(f"first reader: {await task}")
    # Ready at once, and the same object as above.
    print(f"second reader: {await task}")


asyncio.run(main())
