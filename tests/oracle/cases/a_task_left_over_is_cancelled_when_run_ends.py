import asyncio


async def leftover():
    try:
        await asyncio.sleep(1)
    except asyncio.CancelledError:
        print("cleaning up")
        await asyncio.sleep(0)
        print("cleaned up")


async def main():
    main.task = asyncio.create_task(leftover())
    await asyncio.sleep(0)
    print("main ends")


asyncio.run(main())
print("run returns")
