import asyncio


def fail():
    raise ValueError("a failure")


loop = asyncio.new_event_loop()
loop.set_exception_handler(lambda _, context: print("handled"))
loop.call_soon(fail)
loop.call_soon(print, "the next callback")
loop.stop()
loop.run_forever()
loop.close()
