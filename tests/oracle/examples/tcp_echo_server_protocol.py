import asyncio
import socket
import sys


class EchoServerProtocol(asyncio.Protocol):
    def connection_made(self, transport):
        peername = transport.get_extra_info("peername")
        print(f"Connection from {peername}")
        self.transport = transport

    def data_received(self, data):
        message = data.decode()
        print(f"Data received: {message!r}")

        print(f"Send: {message!r}")
        self.transport.write(data)

        print("Close the client socket")
        self.transport.close()


# A client, on a thread of its own.
def call(address):
    with socket.create_connection(address) as client:
        client.sendall(b"Hello World!")
        while client.recv(1000):
            pass


async def main():
    # The running loop makes servers.
    loop = asyncio.get_running_loop()
    is_tried = "--try" in sys.argv
    port = 0 if is_tried else 8888

    server = await loop.create_server(EchoServerProtocol, "127.0.0.1", port)

    async with server:
        if is_tried:
            address = server.sockets[0].getsockname()
            return await asyncio.to_thread(call, address)
        await server.serve_forever()


asyncio.run(main())
