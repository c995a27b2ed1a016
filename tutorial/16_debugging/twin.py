"""Lesson 16 in Python: see what a program does. Prints output.txt, as main.rs does, but for the call graph:
Python has one from 3.14 on. A trace it has not; this one counts by itself."""

import asyncio
import collections.abc
import time


def main():
    debug_mode()
    nobody_looked()
    traced()
    asyncio.run(hanging())


def debug_mode():
    loop = asyncio.new_event_loop()
    # Or `asyncio.run(…, debug=True)`, or `PYTHONASYNCIODEBUG=1` without a change of code.
    loop.set_debug(True)
    loop.run_until_complete(a_report())
    # The farewell is still waiting.
    loop.close()


async def a_report():
    _farewell = asyncio.create_task(farewell(), name="farewell")
    await asyncio.create_task(report(), name="report")


async def report():
    """Async by name. It never gives way."""
    time.sleep(0.32)
    print("the report is there")


async def farewell():
    await asyncio.sleep(3600)
    print("goodbye")


def nobody_looked():
    with asyncio.Runner() as runner:
        # Without a handler, lines on standard error say it.
        runner.get_loop().set_exception_handler(
            lambda loop, context: print(f"the handler heard: {context['exception']}")
        )
        runner.run(a_bad_day())


async def a_bad_day():
    baking = asyncio.create_task(bake(0))
    # The handler is told when the task is collected: here, once it is done.
    del baking
    await asyncio.sleep(0.01)


async def bake(flour):
    await asyncio.sleep(0)
    if flour == 0:
        raise ValueError("no flour left")


async def fetch(pages):
    for _ in range(pages):
        await asyncio.sleep(0.01)


def traced():
    short, long = Counted(fetch(1)), Counted(fetch(3))
    asyncio.run(both(short, long))
    print(f"short: {short.slices} slices")
    print(f"long: {long.slices} slices")


async def both(short, long):
    await asyncio.gather(
        asyncio.create_task(short, name="short"), asyncio.create_task(long, name="long")
    )


class Counted(collections.abc.Coroutine):
    """A coroutine that counts how often the loop lets it run: the slices of a trace."""

    def __init__(self, coroutine):
        self.coroutine, self.slices = coroutine, 0

    def send(self, value):
        self.slices += 1
        return self.coroutine.send(value)

    def throw(self, *error):
        self.slices += 1
        return self.coroutine.throw(*error)

    def close(self):
        self.coroutine.close()

    def __await__(self):
        return self.coroutine.__await__()


async def hanging():
    asyncio.current_task().set_name("main")
    answer = asyncio.Event()
    asking = asyncio.create_task(ask(answer), name="asking")
    showing = asyncio.create_task(show(asking), name="showing")
    watchdog = asyncio.create_task(watch(answer), name="watchdog")
    await showing
    await watchdog


async def ask(answer):
    await answer.wait()
    return 42


async def show(asking):
    print(f"the answer: {await asking}")


async def watch(answer):
    """The program stands still. Who waits, and where? For whom, Python can't say before 3.14."""
    await asyncio.sleep(0.1)
    for task in sorted(asyncio.all_tasks(), key=asyncio.Task.get_name):
        function = task.get_stack()[-1].f_code.co_name
        print(f"task '{task.get_name()}' is in {function}()")
    answer.set()


main()
