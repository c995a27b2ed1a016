"""Which loop is whose. Prints output.txt, as main.rs does."""

import asyncio


async def running_loop():
    return asyncio.get_event_loop()


def is_running():
    try:
        asyncio.get_running_loop()
        return "true"
    except RuntimeError:
        return "false"


async def look():
    print(f"a loop runs here: {is_running()}")


def main():
    kept = asyncio.run(running_loop())
    print(f"the loop of asyncio::run is closed: {str(kept.is_closed()).lower()}")

    print(f"a loop runs here: {is_running()}")
    # From Python 3.14 on, get_event_loop() makes no loop, so this one is made by hand.
    asyncio.set_event_loop(asyncio.new_event_loop())
    own = asyncio.get_event_loop()
    own.run_until_complete(look())
    print(f"this thread's own loop is closed: {str(own.is_closed()).lower()}")
    own.close()


main()
