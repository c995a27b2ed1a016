import asyncio
import datetime


def display_date(end_time, loop):
    print(datetime.datetime.now().isoformat(" ", "seconds"))
    if (loop.time() + 1.0) < end_time:
        loop.call_later(1, display_date, end_time, loop)
    else:
        loop.stop()


loop = asyncio.new_event_loop()

# The first call; it schedules the others.
end_time = loop.time() + 3.0
loop.call_soon(display_date, end_time, loop)

# Until display_date() calls stop().
try:
    loop.run_forever()
finally:
    loop.close()
