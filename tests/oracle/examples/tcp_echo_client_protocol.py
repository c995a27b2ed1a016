import asyncio
import socket
import sys
import threading


class EchoClientProtocol(asyncio.Protocol):
    def __init__(self, message, on_con_lost):
        self.message = message
        self.on_con_lost = on_con_lost

    def connection_made(self, transport):
        transport.write(self.message.encode())
        print(f"Data sent: {self.message!r}")

    def data_received(self, data):
        print(f"Data received: {data.decode()!r}")

    def connection_lost(self, exc):
        print("The server closed the connection")
        self.on_con_lost.set_result(True)


# A server for one client, on a thread of its own.
def serve():
    listener = socket.create_server(("127.0.0.1", 0))

    def answer():
        client, _address = listener.accept()
        with listener, client:
            client.sendall(client.recv(12, socket.MSG_WAITALL))

    threading.Thread(target=answer).start()
    return listener.getsockname()[1]


async def main():
    is_tried = "--try" in sys.argv
    port = serve() if is_tried else 8888

    # The running loop makes connections.
    loop = asyncio.get_running_loop()
    on_con_lost = loop.create_future()
    message = "Hello World!"

    transport, _protocol = await loop.create_connection(
        lambda: EchoClientProtocol(message, on_con_lost), "127.0.0.1", port
    )

    # Wait until the protocol signals that the connection is lost, and close the transport.
    try:
        await on_con_lost
    finally:
        transport.close()


asyncio.run(main())
