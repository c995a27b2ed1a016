"""Ctrl-C cancels main, which cleans up; then asyncio.run raises KeyboardInterrupt."""

import asyncio
import signal


async def main():
    try:
        print("waiting for Ctrl-C")
        signal.raise_signal(signal.SIGINT)
        await asyncio.get_running_loop().create_future()
    finally:
        await asyncio.sleep(0.01)
        print("cleaned up")


# A shell starts what runs in the background with Ctrl-C switched off, and Python leaves it off then.
signal.signal(signal.SIGINT, signal.default_int_handler)
asyncio.run(main())
