import asyncio


async def work():
    return "value"


async def main():
    task = asyncio.create_task(work())
    await asyncio.sleep(0)
    asyncio.get_running_loop().call_soon(print, "the next turn")
    print(await task)
    print("still the same turn")
    await asyncio.sleep(0)


asyncio.run(main())
