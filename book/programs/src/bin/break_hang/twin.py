"""A task waits for a value that nobody sets, as in main.rs."""

import asyncio


async def ask(answer):
    print("asked")
    return await answer


async def watchdog():
    """Says after a second which tasks are not done."""
    await asyncio.sleep(1)
    print("after 1 s these are still there:")
    # A set, in no order.
    for name in sorted(task.get_name() for task in asyncio.all_tasks()):
        print(f"  {name}")


async def main():
    loop = asyncio.get_running_loop()
    answer = loop.create_future()
    asking = asyncio.create_task(ask(answer), name="asking")
    watching = asyncio.create_task(watchdog(), name="watchdog")

    # The mistake: this code believes that somebody else sets the answer.
    await asyncio.sleep(2)
    print(f"asking is done: {str(asking.done()).lower()}")

    # The way out.
    answer.set_result(42)
    print(f"answer: {await asking}")


asyncio.run(main())
