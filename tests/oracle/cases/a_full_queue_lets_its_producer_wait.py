import asyncio


async def main():
    queue = asyncio.Queue(2)

    async def produce():
        for item in range(5):
            await queue.put(item)
            print("put", item)

    producer = asyncio.create_task(produce())
    for _ in range(5):
        item = await queue.get()
        print("got", item)
        queue.task_done()
    await queue.join()
    await producer
    print("all done")


asyncio.run(main())
