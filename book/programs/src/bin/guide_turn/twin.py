"""One turn of the loop after the other. Prints output.txt, as main.rs does."""

import asyncio


async def work():
    print("a task begins")
    await asyncio.sleep(0)
    print("the task goes on")


def callback():
    print("a callback")
    loop = asyncio.get_running_loop()
    loop.call_soon(print, "what the callback scheduled")


def run_once(loop):
    """A loop that is told to stop before it runs makes one turn."""
    loop.stop()
    loop.run_forever()


def main():
    loop = asyncio.new_event_loop()

    loop.call_later(0, print, "a timer that is due")
    loop.call_soon(callback)
    task = loop.create_task(work())

    for turn in (1, 2):
        print("turn", turn)
        run_once(loop)
    loop.run_until_complete(task)
    loop.close()


main()
