"""Lesson 15 in Python: other threads. Prints output.txt, as main.rs does."""

import asyncio
import threading
import time


async def main():
    await beside_the_loop()
    await values_and_errors()
    await a_thread_asks()
    await a_thread_feeds()
    await a_flag_stops_it()


def look_up(what):
    """Stands for what blocks and has no async form: a driver of a database, a hash, a compressor."""
    time.sleep(1)
    return what.upper()


async def beside_the_loop():
    start = time.monotonic()

    async def go_on():
        await asyncio.sleep(0.5)
        print("the loop goes on")

    apple, pear, _ = await asyncio.gather(
        asyncio.to_thread(look_up, "apple"), asyncio.to_thread(look_up, "pear"), go_on()
    )
    print(f"{apple} and {pear} after {time.monotonic() - start:.0f} s")


async def values_and_errors():
    text = "to be or not to be"
    words = await asyncio.to_thread(lambda: len(text.split(" ")))
    print(f"words: {words}")

    try:
        await asyncio.to_thread(int, "kiwi")
        print("kiwi is a number: true")
    except ValueError:
        print("kiwi is a number: false")


async def price(fruit):
    await asyncio.sleep(0.1)
    print(f"the loop looks up: {fruit}")
    return 3 if fruit == "apple" else 4


def total(loop):
    """Runs on another thread. It may wait: the loop doesn't wait with it."""
    apple = asyncio.run_coroutine_threadsafe(price("apple"), loop).result()
    pear = asyncio.run_coroutine_threadsafe(price("pear"), loop).result()
    return apple + pear


async def a_thread_asks():
    loop = asyncio.get_running_loop()
    print(f"total: {await asyncio.to_thread(total, loop)}")


# An item that says: no more will come.
CLOSED = object()


def measure(loop, readings):
    """A thread of its own, for what goes on for long."""
    try:
        for reading in [17, 18, 21]:
            time.sleep(0.1)
            loop.call_soon_threadsafe(readings.put_nowait, reading)
        loop.call_soon_threadsafe(readings.put_nowait, CLOSED)
    except RuntimeError:
        pass  # The loop is closed, so nobody wants to know any more.


async def a_thread_feeds():
    readings = asyncio.Queue()
    loop = asyncio.get_running_loop()
    sensor = threading.Thread(target=measure, args=(loop, readings))
    sensor.start()

    while (reading := await readings.get()) is not CLOSED:
        print(f"{reading} degrees")
    sensor.join()


async def a_flag_stops_it():
    stop = threading.Event()

    def work():
        while not stop.is_set():
            time.sleep(0.01)
        print("the thread saw the flag")

    try:
        await asyncio.wait_for(asyncio.to_thread(work), 0.3)
    except TimeoutError:
        print("nobody waits for the thread any more")
    stop.set()
    # The run waits for the thread at its end.


asyncio.run(main())
