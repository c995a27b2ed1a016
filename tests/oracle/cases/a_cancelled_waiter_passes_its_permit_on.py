import asyncio


async def main():
    semaphore = asyncio.Semaphore(0)

    async def work(name):
        await semaphore.acquire()
        print(name)

    names = ["first", "second", "third"]
    first, second, third = [asyncio.create_task(work(name)) for name in names]
    await asyncio.sleep(0)
    semaphore.release()
    first.cancel()
    await second
    print("released again")
    semaphore.release()
    await third


asyncio.run(main())
