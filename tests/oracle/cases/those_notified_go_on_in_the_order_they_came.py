import asyncio


async def main():
    lock = asyncio.Lock()
    condition = asyncio.Condition(lock)

    async def work(name):
        async with lock:
            print(name, "waits")
            await condition.wait()
            print(name, "goes on")
            await asyncio.sleep(0)
            print(name, "leaves")

    tasks = [asyncio.create_task(work(name)) for name in "abc"]
    await asyncio.sleep(0)
    async with lock:
        condition.notify(2)
        print("notified two")
    await asyncio.sleep(0)
    # Python wants the lock held, by whomever.
    condition.notify_all()
    for task in tasks:
        await task


asyncio.run(main())
