"""A call that blocks runs on another thread. Prints output.txt, as main.rs does."""

import asyncio
import queue


def read(disk):
    """Stops its thread until the disk has something. Stands for whatever blocks."""
    return disk.get()


async def main():
    disk = queue.SimpleQueue()
    reading = asyncio.create_task(asyncio.to_thread(read, disk))

    for count in range(1, 4):
        await asyncio.sleep(0.05)
        print(f"the loop goes on: {count}")
    disk.put("some text")
    print(f"read: {await reading}")


asyncio.run(main())
