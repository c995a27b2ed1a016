import asyncio
import time


def blocking_io():
    print(f"start blocking_io at {time.strftime('%X')}")
    # Whatever holds up its thread may stand here, reading a file for one.
    time.sleep(1)
    print(f"blocking_io complete at {time.strftime('%X')}")


async def main():
    print(f"started main at {time.strftime('%X')}")

    # Both take a second, and so do the two together. The loop stays free.
    await asyncio.gather(asyncio.to_thread(blocking_io), asyncio.sleep(1))

    print(f"finished main at {time.strftime('%X')}")


asyncio.run(main())
