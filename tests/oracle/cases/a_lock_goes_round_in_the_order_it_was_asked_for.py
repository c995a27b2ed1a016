import asyncio


async def main():
    lock = asyncio.Lock()

    async def work(name):
        for time in range(2):
            async with lock:
                print(name, time)
                await asyncio.sleep(0)

    for task in [asyncio.create_task(work(name)) for name in "abc"]:
        await task


asyncio.run(main())
