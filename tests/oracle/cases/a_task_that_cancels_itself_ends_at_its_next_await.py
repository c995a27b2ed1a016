import asyncio


async def work():
    asyncio.current_task().cancel()
    print("still here")
    await asyncio.sleep(0)
    print("never printed")


async def main():
    task = asyncio.create_task(work())
    try:
        await task
    except asyncio.CancelledError:
        print("cancelled")


asyncio.run(main())
