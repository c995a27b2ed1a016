import asyncio
import time


async def worker(name, queue):
    while True:
        # Get a "work item" out of the queue.
        sleep_for = await queue.get()
        await asyncio.sleep(sleep_for)
        # Tell the queue that the "work item" has been processed.
        queue.task_done()
        print(f"{name} has slept for {sleep_for:.2f} seconds")


async def main():
    queue = asyncio.Queue()
    total_sleep_time = 0
    for step in range(9):
        sleep_for = (100 + step * 25) / 1000
        total_sleep_time += sleep_for
        queue.put_nowait(sleep_for)

    # Create three worker tasks to process the queue concurrently.
    workers = [asyncio.create_task(worker(f"worker-{number}", queue)) for number in range(3)]

    # Wait until the queue is fully processed.
    started_at = time.monotonic()
    await queue.join()
    total_slept_for = time.monotonic() - started_at

    # Cancel our worker tasks, and wait until all of them are cancelled.
    for task in workers:
        task.cancel()
    await asyncio.gather(*workers, return_exceptions=True)

    print("====")
    print(f"3 workers slept in parallel for {total_slept_for:.1f} seconds")
    print(f"total expected sleep time: {total_sleep_time:.2f} seconds")


asyncio.run(main())
