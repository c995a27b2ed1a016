import asyncio


async def commit():
    print("begins")
    await asyncio.sleep(0.02)
    print("committed")


async def main():
    task = asyncio.create_task(commit())
    try:
        await asyncio.wait_for(asyncio.shield(task), 0.01)
    except TimeoutError:
        print("too late")
    await task
    print("over")


asyncio.run(main())
