"""A cancellation is an exception, CancelledError, that the task may clean up after or catch."""

import asyncio

HOUR = 3600


async def guarded():
    try:
        await asyncio.sleep(HOUR)
        return "never said"
    finally:
        print("guarded: cleaned up")


async def caught():
    try:
        await asyncio.sleep(HOUR)
        return "never said"
    except asyncio.CancelledError:
        return "an answer all the same"


async def cleaned():
    try:
        await asyncio.sleep(HOUR)
        return "never said"
    finally:
        await asyncio.sleep(0.01)
        print("cleaned: closed in good order")


async def main():
    await cancel("guarded", asyncio.create_task(guarded()))
    await cancel("caught", asyncio.create_task(caught()))
    await cancel("cleaned", asyncio.create_task(cleaned()))


async def cancel(name, task):
    await asyncio.sleep(0)
    task.cancel()
    try:
        print(f"{name}: {await task}")
    except asyncio.CancelledError:
        print(f"{name}: cancelled")


asyncio.run(main())
