"""Timers with the same deadline run in an order that a heap decides."""

import asyncio


async def main():
    loop = asyncio.get_running_loop()
    deadline = loop.time() + 0.01
    for name in ["A", "B", "C", "D", "E"]:
        loop.call_at(deadline, print, name)
    await asyncio.sleep(0.02)


asyncio.run(main())
