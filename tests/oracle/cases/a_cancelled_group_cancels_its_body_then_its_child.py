import asyncio


async def child(name):
    try:
        await asyncio.sleep(1)
    finally:
        print(name, "cancelled")


async def parent():
    async with asyncio.TaskGroup() as group:
        group.create_task(child("a"))
        try:
            await asyncio.sleep(1)
        except asyncio.CancelledError:
            print("body cancelled")
            await asyncio.sleep(0)
            print("body cleaned up")
            raise


async def main():
    task = asyncio.create_task(parent())
    await asyncio.sleep(0.01)
    task.cancel()
    try:
        await task
    except asyncio.CancelledError:
        print("group cancelled")


asyncio.run(main())
