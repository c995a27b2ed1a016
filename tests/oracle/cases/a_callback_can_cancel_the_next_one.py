import asyncio

loop = asyncio.new_event_loop()
loop.call_soon(lambda: handle.cancel())
handle = loop.call_soon(print, "never printed")
loop.call_soon(print, "the one after it")
loop.stop()
loop.run_forever()
print("cancelled:", handle.cancelled())
loop.close()
