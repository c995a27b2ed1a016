"""The loop holds its tasks weakly: one that nothing else refers to may be collected."""

import asyncio
import gc


async def wait_for_ever():
    await asyncio.get_running_loop().create_future()


async def main():
    task = asyncio.create_task(wait_for_ever())
    await asyncio.sleep(0)
    print(f"{len(asyncio.all_tasks())} tasks")

    del task
    # The collector comes when it likes. Here it is
    # called, so that it comes now.
    gc.collect()
    print(f"{len(asyncio.all_tasks())} tasks")


asyncio.run(main())
