import asyncio
from socket import socketpair

reading, writing = socketpair()
loop = asyncio.new_event_loop()


def reader():
    data = reading.recv(100)
    print("Received:", data.decode())
    # It is done: take the reader back, and stop the loop.
    loop.remove_reader(reading)
    loop.stop()


loop.add_reader(reading, reader)
loop.call_soon(writing.send, b"abc")
loop.run_forever()
loop.close()
