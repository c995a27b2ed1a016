import asyncio

loop = asyncio.new_event_loop()
loop.call_soon(loop.stop)
loop.call_soon(lambda: loop.call_soon(print, "the next turn"))
loop.call_soon(print, "the same turn")
loop.run_forever()
print("stopped")
loop.call_soon(loop.stop)
loop.run_forever()
loop.close()
