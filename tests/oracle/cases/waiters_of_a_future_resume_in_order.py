import asyncio


async def wait_for(future, name):
    print(name, await future)


async def main():
    future = asyncio.get_running_loop().create_future()
    tasks = [asyncio.create_task(wait_for(future, name)) for name in "abc"]
    await asyncio.sleep(0)
    future.set_result("got it")
    for task in tasks:
        await task


asyncio.run(main())
