"""A limit of time. Prints output.txt, as main.rs does."""

import asyncio


async def ask(seconds):
    await asyncio.sleep(seconds)
    return "an answer"


async def main():
    for seconds in [1, 3]:
        try:
            async with asyncio.timeout(2):
                print(f"{seconds} s: {await ask(seconds)}")
        except TimeoutError:
            print(f"{seconds} s: too late")


asyncio.run(main())
