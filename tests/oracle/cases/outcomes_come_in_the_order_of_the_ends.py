import asyncio


async def work(name, turns):
    for _ in range(turns):
        await asyncio.sleep(0)
    print(name, "ends")
    return name


async def main():
    tasks = [asyncio.create_task(work(name, turns)) for name, turns in [("a", 3), ("b", 1), ("c", 3)]]
    for next_one in asyncio.as_completed(tasks):
        print("got", await next_one)
    tasks = [asyncio.create_task(work(name, turns)) for name, turns in [("d", 9), ("e", 1), ("f", 0)]]
    done, pending = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    print(len(done), "done,", len(pending), "pending")
    await asyncio.wait(pending)


asyncio.run(main())
