import asyncio


async def wait_for(future):
    print(await future)


async def main():
    future = asyncio.get_running_loop().create_future()
    task = asyncio.create_task(wait_for(future))
    await asyncio.sleep(0)
    future.set_result("never printed")
    print("cancel:", task.cancel())
    try:
        await task
    except asyncio.CancelledError:
        print("cancelled")


asyncio.run(main())
