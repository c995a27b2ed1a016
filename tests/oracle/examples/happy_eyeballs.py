import asyncio
import socket
import time

# What browsers wait before they try the next address.
DELAY = 0.25


async def main():
    server = await asyncio.start_server(greet, "127.0.0.1", 0)
    answering = server.sockets[0].getsockname()
    silent = silent_sockets()
    with socket.create_server(("127.0.0.1", 0)) as listener:
        refusing = listener.getsockname()

    print("one is silent, two answers:")
    await show([silent[0].getsockname(), answering])
    print("one refuses, two answers:")
    await show([refusing, answering])
    print("both refuse:")
    await show([refusing, refusing])
    server.close()
    for each in silent:
        each.close()


async def show(addresses):
    """Connects to the first of the addresses that answers, and says which that was."""

    # A name that has these addresses.
    async def getaddrinfo(*_, **__):
        return [(socket.AF_INET, socket.SOCK_STREAM, 0, "", address) for address in addresses]

    asyncio.get_running_loop().getaddrinfo = getaddrinfo
    began = time.monotonic()
    try:
        reader, writer = await asyncio.open_connection("a name", 80, happy_eyeballs_delay=DELAY)
    except OSError:
        return print("  nobody took the connection")
    winner = "one" if writer.get_extra_info("peername") == addresses[0] else "two"
    pace = "at once" if time.monotonic() - began < DELAY else "after the delay"
    greeting = await reader.readline()
    print(f"  {winner} won, {pace}: {greeting.decode().rstrip()}")
    writer.close()


async def greet(reader, writer):
    writer.write(b"hello\n")


def silent_sockets():
    """A socket that nobody accepts connections from, and so many that wait there that the system
    answers no more."""
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    listener.listen(0)
    sockets = [listener]
    for _ in range(8):
        waiting = socket.socket()
        waiting.setblocking(False)
        # It is on its way now; whether it arrives is of no interest.
        waiting.connect_ex(listener.getsockname())
        sockets.append(waiting)
    return sockets


asyncio.run(main())
