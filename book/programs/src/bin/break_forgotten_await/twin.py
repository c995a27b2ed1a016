"""A call of an async function that nobody awaits does nothing, as in main.rs."""

import asyncio


async def greet(name):
    await asyncio.sleep(0.01)
    print(f"hello {name}")


async def main():
    greet("Ada")
    await greet("Grace")
    print("done")


asyncio.run(main())
