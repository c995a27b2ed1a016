import asyncio


async def work():
    await asyncio.sleep(0)
    print("done")


async def awaiter(task):
    await task
    print("awaiter")


async def main():
    task = asyncio.create_task(work())
    task.add_done_callback(lambda _: print("callback from before the await"))
    waiting = asyncio.create_task(awaiter(task))
    await asyncio.sleep(0)
    task.add_done_callback(lambda _: print("callback from after it"))
    await waiting


asyncio.run(main())
