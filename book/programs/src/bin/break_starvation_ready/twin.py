"""A loop over awaits that are ready starves the others, as in main.rs."""

import asyncio


async def look_up(number):
    is_in_cache = number <= 10
    if not is_in_cache:
        await asyncio.sleep(1)
    return number * number


async def sum_up(name, gives_way):
    total = 0
    for number in range(1, 11):
        total += await look_up(number)
        if gives_way:
            await asyncio.sleep(0)
    print(f"{name}: {total}")


async def say(what):
    print(what)


async def race(name, gives_way):
    before = asyncio.create_task(say("tick"))
    total = asyncio.create_task(sum_up(name, gives_way))
    after = asyncio.create_task(say("tock"))
    for task in [before, total, after]:
        await task


async def main():
    await race("ten awaits, all ready", False)
    await race("ten awaits, and it gives way", True)


asyncio.run(main())
