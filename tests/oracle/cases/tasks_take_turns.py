import asyncio


async def count(name):
    for number in range(3):
        print(name, number)
        await asyncio.sleep(0)


async def main():
    tasks = [asyncio.create_task(count(name)) for name in "abc"]
    for task in tasks:
        await task


asyncio.run(main())
