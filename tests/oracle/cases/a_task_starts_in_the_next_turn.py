import asyncio


async def work():
    print("task")


async def main():
    loop = asyncio.get_running_loop()
    loop.call_soon(print, "callback before")
    task = asyncio.create_task(work())
    loop.call_soon(print, "callback after")
    print("created")
    await task
    print("awaited")


asyncio.run(main())
