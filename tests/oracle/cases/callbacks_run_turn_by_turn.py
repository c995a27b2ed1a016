import asyncio

loop = asyncio.new_event_loop()


def first():
    print("first")
    loop.call_soon(print, "scheduled by the first")


loop.call_soon(first)
loop.call_soon(print, "second")
for turn in (1, 2):
    print("turn", turn)
    loop.stop()
    loop.run_forever()
loop.close()
