"""Work that blocks the loop's thread holds up every other task, as in main.rs."""

import asyncio
import time


def make_report():
    """Stands for whatever takes long and isn't async."""
    time.sleep(0.32)
    print("report")


async def beat():
    for number in range(1, 4):
        await asyncio.sleep(0.02)
        print(f"beat {number}")


async def on_the_loop():
    make_report()


async def on_a_thread():
    await asyncio.to_thread(make_report)


async def main():
    print("on the loop:")
    heart = asyncio.create_task(beat())
    await asyncio.create_task(on_the_loop(), name="on the loop")
    await heart

    print("on a thread:")
    heart = asyncio.create_task(beat())
    await asyncio.create_task(on_a_thread(), name="on a thread")
    await heart


asyncio.run(main(), debug=True)
