"""Lesson 13 in Python: producers and consumers, with a queue between them. Prints output.txt, as main.rs
does, but for one line: a queue of Python 3.11 can't be closed (from 3.13 on, it has `shutdown`)."""

import asyncio
import time


async def main():
    await back_pressure("no limit", asyncio.Queue())
    await back_pressure("at most 2", asyncio.Queue(2))
    await three_bakers()
    await closing_time()
    other_orders()


async def back_pressure(name, queue):
    """The oven bakes as fast as it may. The shop needs half a second a loaf."""

    async def oven():
        start, most = time.monotonic(), 0
        for loaf in range(1, 6):
            await queue.put(loaf)
            most = max(most, queue.qsize())
        seconds = time.monotonic() - start
        print(f"{name}: up to {most} loaves waited, all were baked after {seconds:.0f} s")

    async def shop():
        for _ in range(5):
            await queue.get()
            await asyncio.sleep(0.5)

    await asyncio.gather(oven(), shop())


async def three_bakers():
    orders = asyncio.Queue()
    for order in [("bread", 9), ("rolls", 3), ("cake", 5), ("tart", 4), ("pie", 6)]:
        orders.put_nowait(order)

    async def baker(name):
        while True:
            what, tenths = await orders.get()
            await asyncio.sleep(tenths / 10)
            print(f"{name}: {what}")
            orders.task_done()

    bakers = [asyncio.create_task(baker(name)) for name in ("Ann", "Bob", "Cem")]
    await orders.join()
    print("all orders are done")
    # The bakers wait for more. Rust's `shutdown` ends their loops; here they are cancelled.
    for task in bakers:
        task.cancel()
    await asyncio.gather(*bakers, return_exceptions=True)


# An item that says: no more will come. Each consumer needs one.
CLOSED = object()


async def closing_time():
    queue = asyncio.Queue(10)

    async def shop():
        while (loaf := await queue.get()) is not CLOSED:
            print(f"sold loaf {loaf}")
        print("the shop is closed")

    async def oven():
        for loaf in range(1, 4):
            await queue.put(loaf)
        await queue.put(CLOSED)

    await asyncio.gather(shop(), oven())

    # Nothing keeps anybody from putting more.
    await queue.put(4)
    print("loaf 4 lies there for ever")


def other_orders():
    two_three_one("Queue", asyncio.Queue())
    two_three_one("LifoQueue", asyncio.LifoQueue())
    two_three_one("PriorityQueue", asyncio.PriorityQueue())


def two_three_one(name, queue):
    for number in (2, 3, 1):
        queue.put_nowait(number)
    numbers = [queue.get_nowait() for _ in range(queue.qsize())]
    print(f"{name}: {numbers}")


asyncio.run(main())
