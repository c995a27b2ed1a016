"""What still runs when a task is cancelled, as in main.rs."""

import asyncio


class Guard:
    def __enter__(self):
        pass

    def __exit__(self, *_):
        print("guard: dropped, and can't await")


async def work():
    with Guard():
        print("work: started")
        await asyncio.sleep(60)
        print("work: done")


async def say_goodbye():
    print("cleanup: started")
    await asyncio.sleep(0.01)
    print("cleanup: done")


async def work_and_goodbye():
    try:
        await work()
    finally:
        await say_goodbye()
    print("after it: never printed")


async def main():
    task = asyncio.create_task(work_and_goodbye())
    await asyncio.sleep(0)
    print(f"cancel: {str(task.cancel()).lower()}")
    try:
        await task
        print("task: done")
    except asyncio.CancelledError:
        print("task: cancelled")


asyncio.run(main())
