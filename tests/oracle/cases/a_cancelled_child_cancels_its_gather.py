import asyncio


async def cancel_yourself():
    asyncio.current_task().cancel()
    await asyncio.sleep(0)


async def main():
    try:
        await asyncio.gather(cancel_yourself(), asyncio.sleep(0))
    except asyncio.CancelledError:
        print("gather was cancelled")
    print("cancelling:", asyncio.current_task().cancelling())


asyncio.run(main())
