import asyncio


async def work():
    try:
        await asyncio.sleep(1)
    except asyncio.CancelledError:
        print("caught")
    await asyncio.sleep(0)
    print("went on")
    return "value"


async def main():
    task = asyncio.create_task(work())
    await asyncio.sleep(0)
    task.cancel()
    print(await task)
    print("cancelled:", task.cancelled())
    print("cancelling:", task.cancelling())


asyncio.run(main())
