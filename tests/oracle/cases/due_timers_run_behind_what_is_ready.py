import asyncio

loop = asyncio.new_event_loop()
loop.call_later(0, print, "due")
loop.call_later(-1, print, "overdue")
loop.call_soon(print, "ready")
loop.call_later(0.02, loop.stop)
loop.call_later(0.01, print, "later")
loop.run_forever()
loop.close()
