import asyncio
import os
import signal
import sys


def ask_exit(name, loop):
    print(f"got signal {name}: exit")
    loop.stop()


loop = asyncio.new_event_loop()
for name in ["SIGINT", "SIGTERM"]:
    loop.add_signal_handler(getattr(signal, name), ask_exit, name, loop)

print("Event loop running for 1 hour, press Ctrl+C to interrupt.")
loop.call_later(3600, loop.stop)
if sys.argv[1:] == ["--signal"]:
    loop.call_soon(signal.raise_signal, signal.SIGTERM)
else:
    print(f"pid {os.getpid()}: send SIGINT or SIGTERM to exit.")
loop.run_forever()
loop.close()
