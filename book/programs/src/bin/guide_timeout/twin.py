"""A limit of time, and a group of tasks. Prints output.txt, as main.rs does."""

import asyncio


async def ask(seconds):
    await asyncio.sleep(seconds)
    return "an answer"


async def with_a_limit():
    for seconds in [1, 3]:
        try:
            async with asyncio.timeout(2):
                print(f"{seconds} s: {await ask(seconds)}")
        except TimeoutError:
            print(f"{seconds} s: too late")


async def buy(what, seconds):
    await asyncio.sleep(seconds)
    if what == "kiwis":
        raise ValueError(f"no {what} today")
    print(f"bought {what}")


async def in_a_group():
    fruits = [("apples", 1), ("kiwis", 2), ("pears", 3)]
    try:
        async with asyncio.TaskGroup() as group:
            for what, seconds in fruits:
                group.create_task(buy(what, seconds))
        print("bought it all")
    except ExceptionGroup as errors:
        shown = ", ".join(f'"{error}"' for error in errors.exceptions)
        print(f"failed: [{shown}]")


async def main():
    await with_a_limit()
    await in_a_group()


asyncio.run(main())
