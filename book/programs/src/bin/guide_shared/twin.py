"""Tasks that share a value. Prints output.txt, as main.rs does."""

import asyncio


async def main():
    total = 0

    async def add(number):
        nonlocal total
        await asyncio.sleep(0)
        total += number
        print(f"added {number}")

    tasks = []
    for number in range(1, 4):
        tasks.append(asyncio.create_task(add(number)))
    for task in tasks:
        await task
    print(f"total: {total}")


asyncio.run(main())
