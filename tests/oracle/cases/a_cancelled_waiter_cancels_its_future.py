import asyncio


async def wait_for(future):
    await future


async def main():
    future = asyncio.get_running_loop().create_future()
    task = asyncio.create_task(wait_for(future))
    await asyncio.sleep(0)
    task.cancel()
    print("future cancelled:", future.cancelled())
    await asyncio.wait([task])
    print("future cancelled:", future.cancelled())


asyncio.run(main())
