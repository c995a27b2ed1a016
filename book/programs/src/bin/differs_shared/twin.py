"""All tasks run on the loop's thread, one at a time: they share a list without a lock."""

import asyncio


async def visit(name, seen):
    for visit in range(1, 3):
        seen.append(f"{name}{visit}")
        await asyncio.sleep(0.02)


async def main():
    seen = []
    a = asyncio.create_task(visit("a", seen))
    b = asyncio.create_task(visit("b", seen))
    await a
    await b
    print(" ".join(seen))


asyncio.run(main())
