"""Lesson 01 in Python: run an async function. Prints output.txt, as main.rs does."""

import asyncio


async def greet():
    print("Hello")
    await asyncio.sleep(1)
    print("World")


def main():
    # Called, not running: a coroutine object waits for a loop to run it.
    greeting = greet()
    print("Called, but nothing has run.")
    asyncio.run(greeting)

    print("The same, annotated:")
    annotated()


# Python has no attribute like `#[asyncio::main]`. This is what it stands for.
def annotated():
    async def body():
        await greet()

    asyncio.run(body())


main()
