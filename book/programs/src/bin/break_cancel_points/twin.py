"""A cancellation arrives at an await that waits, and nowhere else, as in main.rs."""

import asyncio


async def is_ready():
    pass


async def stop_myself():
    print(f"cancel: {str(asyncio.current_task().cancel()).lower()}")
    print("behind cancel()")
    await is_ready()
    print("behind ready(())")
    await asyncio.sleep(0)
    print("behind yield_now()")


async def one_step():
    print("first step")


async def stop_at_the_end():
    asyncio.current_task().cancel()
    print("to the end")


async def outcome(task):
    try:
        await task
    except asyncio.CancelledError:
        print("task: cancelled")


async def main():
    await outcome(asyncio.create_task(stop_myself()))

    # Asked to stop before its first step: none is made.
    task = asyncio.create_task(one_step())
    task.cancel()
    await outcome(task)

    # Asked to stop behind its last await: all of it runs, and its value is lost.
    await outcome(asyncio.create_task(stop_at_the_end()))


asyncio.run(main())
