import asyncio


async def work():
    print("never printed")


async def main():
    task = asyncio.create_task(work())
    print("cancel:", task.cancel())
    try:
        await task
    except asyncio.CancelledError:
        print("cancelled")
    print("again:", task.cancel())


asyncio.run(main())
