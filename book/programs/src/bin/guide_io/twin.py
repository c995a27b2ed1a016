"""Waiting for a socket holds up one task, not the loop. Prints output.txt, as main.rs does."""

import asyncio
import socket


async def ask(address):
    loop = asyncio.get_running_loop()
    with socket.socket() as stream:
        stream.setblocking(False)
        await loop.sock_connect(stream, address)
        print("the client waits for an answer")
        return (await loop.sock_recv(stream, 100)).decode()


async def main():
    loop = asyncio.get_running_loop()
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.setblocking(False)
        client = asyncio.create_task(ask(listener.getsockname()))
        connection, _ = await loop.sock_accept(listener)

        with connection:
            for count in range(1, 4):
                await asyncio.sleep(0.1)
                print(f"the loop goes on: {count}")
            await loop.sock_sendall(connection, b"hello")
            print(f"the client got: {await client}")


asyncio.run(main())
