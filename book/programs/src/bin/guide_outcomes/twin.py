"""How a task can end. Prints output.txt, as main.rs does."""

import asyncio


async def divide(a, b):
    await asyncio.sleep(1)
    if b == 0:
        raise ValueError(f"can't divide {a} by {b}")
    return a // b


async def main():
    answered = asyncio.create_task(divide(12, 3))
    failed = asyncio.create_task(divide(12, 0))
    cancelled = asyncio.create_task(divide(12, 4))
    cancelled.cancel()

    for task in [answered, failed, cancelled]:
        try:
            answer = await task
            print(f"answer: {answer}")
        except ValueError as error:
            print(f"error: {error}")
        except asyncio.CancelledError:
            print("cancelled")


asyncio.run(main())
