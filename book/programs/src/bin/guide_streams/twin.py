"""A server and its client talk in lines."""

import asyncio


async def shout(reader, writer):
    while True:
        line = await reader.readline()
        if not line:
            break
        writer.write(line.upper())
        await writer.drain()
    writer.close()


async def main():
    # Port 0: one that is free.
    server = await asyncio.start_server(shout, "127.0.0.1", 0)
    reader, writer = await asyncio.open_connection(*server.sockets[0].getsockname())

    for word in ["hello", "again"]:
        writer.write(f"{word}\n".encode())
        await writer.drain()
        answer = await reader.readline()
        print(f"{word}: {answer.decode().rstrip()}")
    writer.close()
    await writer.wait_closed()
    server.close()
    await server.wait_closed()


asyncio.run(main())
