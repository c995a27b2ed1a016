"""Calling an async function starts nothing; a coroutine that nobody awaited is warned about."""

import asyncio
import warnings

# On standard output, so that its place among the
# other lines can be seen.
warnings.simplefilter("always")
warnings.showwarning = lambda warning, *_: print(f"warning: {warning}")


async def greet(name):
    print(f"hello, {name}")
    await asyncio.sleep(0.01)


async def main():
    greeting = greet("Ann")
    print("made a future")
    # The coroutine dies here, and says that nobody
    # wanted it.
    del greeting
    print("dropped it")

    await greet("Bob")


asyncio.run(main())
