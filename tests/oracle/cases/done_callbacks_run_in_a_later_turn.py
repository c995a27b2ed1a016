import asyncio


async def main():
    future = asyncio.get_running_loop().create_future()
    future.add_done_callback(lambda _: print("registered first"))
    future.add_done_callback(lambda _: print("registered second"))
    future.set_result(None)
    future.add_done_callback(lambda _: print("registered when done"))
    print("set")
    await asyncio.sleep(0)
    print("a turn later")


asyncio.run(main())
