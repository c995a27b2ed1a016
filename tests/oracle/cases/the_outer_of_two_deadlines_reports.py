import asyncio


async def main():
    deadline = asyncio.get_running_loop().time() + 0.01
    try:
        async with asyncio.timeout_at(deadline) as outer:
            try:
                async with asyncio.timeout_at(deadline) as inner:
                    try:
                        await asyncio.sleep(1)
                    finally:
                        print("work cancelled")
            except TimeoutError:
                print("inner timed out")
            finally:
                print("inner over")
    except TimeoutError:
        print("outer timed out")
    print(inner.expired(), outer.expired())
    print("cancelling:", asyncio.current_task().cancelling())


asyncio.run(main())
