"""A read that blocks, of what a task on the same loop is to write, as in main.rs."""

import asyncio
import socket


async def write_soon(stream):
    await asyncio.sleep(0.02)
    print("writer: writes")
    stream.sendall(b"hello")


def read_blocking(stream):
    """Waits in the system, and the loop with it."""
    # Without a limit, this program would wait for ever.
    stream.settimeout(0.32)
    return stream.recv(5).decode()


async def read_ready(stream):
    """Waits in the loop. The socket is read when there is something to read."""
    stream.setblocking(False)
    return (await asyncio.get_running_loop().sock_recv(stream, 5)).decode()


async def main():
    here, there = socket.socketpair()
    with here, there:
        writer = asyncio.create_task(write_soon(there))

        print("a read that blocks:")
        try:
            print(f"reader: {read_blocking(here)}")
        except TimeoutError:
            print("reader: nothing came in 0.32 s")

        print("a read that waits in the loop:")
        print(f"reader: {await read_ready(here)}")
        await writer


asyncio.run(main())
