import asyncio


async def inner():
    try:
        await asyncio.sleep(1)
    except asyncio.CancelledError:
        print("inner cleans up")
        await asyncio.sleep(0)
        print("inner is done")
        raise


async def outer():
    try:
        await asyncio.create_task(inner())
    except asyncio.CancelledError:
        print("outer cleans up")
        raise


async def main():
    task = asyncio.create_task(outer())
    await asyncio.sleep(0.01)
    task.cancel()
    try:
        await task
    except asyncio.CancelledError:
        print("cancelled")


asyncio.run(main())
