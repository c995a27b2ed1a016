import asyncio


async def handle_echo(reader, writer):
    data = await reader.read(100)
    message = data.decode()
    addr = writer.get_extra_info("peername")
    print(f"Received {message!r} from {addr!r}")

    print(f"Send: {message!r}")
    writer.write(data)
    await writer.drain()

    print("Close the connection")
    writer.close()
    await writer.wait_closed()


async def tcp_echo_client(message, server):
    reader, writer = await asyncio.open_connection(*server)

    print(f"Send: {message!r}")
    writer.write(message.encode())
    await writer.drain()

    data = await reader.read(100)
    print(f"Received: {data.decode()!r}")

    print("Close the connection")
    writer.close()
    await writer.wait_closed()


async def main():
    # A port that the system picks; the documentation has 8888.
    server = await asyncio.start_server(handle_echo, "127.0.0.1", 0)
    address = server.sockets[0].getsockname()
    print(f"Serving on {address}")

    await tcp_echo_client("Hello World!", address)

    # The documentation's serves forever: `await server.serve_forever()`.
    server.close()
    await server.wait_closed()


asyncio.run(main())
