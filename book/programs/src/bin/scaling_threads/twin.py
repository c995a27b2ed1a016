"""One loop a thread, and all of them serve one port: the system shares the connections out. Linux."""

import asyncio
import queue
import socket
import threading

THREADS = 4
CLIENTS = 400


class Loop:
    """A loop of its own, on a thread of its own."""

    def __init__(self, port, started):
        self.served = 0
        self.thread = threading.Thread(target=asyncio.run, args=(self.serve(port, started),))
        self.thread.start()

    async def answer(self, _, writer):
        self.served += 1
        writer.write(b"hello\n")
        await writer.drain()
        writer.close()

    async def serve(self, port, started):
        self.loop = asyncio.get_running_loop()
        self.stop = asyncio.Event()
        server = await asyncio.start_server(self.answer, "127.0.0.1", port, reuse_port=True)
        started.put(server.sockets[0].getsockname())
        await self.stop.wait()
        server.close()
        await server.wait_closed()


def ask(address):
    with socket.create_connection(address) as connection:
        return connection.makefile().read()


def main():
    started = queue.Queue()
    address = ("127.0.0.1", 0)
    loops = []
    for _ in range(THREADS):
        loops.append(Loop(address[1], started))
        address = started.get()

    answers = sum(ask(address) == "hello\n" for _ in range(CLIENTS))

    for it in loops:
        it.loop.call_soon_threadsafe(it.stop.set)
        it.thread.join()
    print(f"{THREADS} threads on one port answered {answers} of {CLIENTS} clients")
    print(f"served by all together: {sum(it.served for it in loops)}")
    print(f"each has served some: {str(all(it.served for it in loops)).lower()}")


main()
