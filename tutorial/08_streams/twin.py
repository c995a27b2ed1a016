"""Lesson 08 in Python: servers and clients over TCP. Prints output.txt, as main.rs does."""

import asyncio


async def echo(reader, writer):
    """Sends each line back. Runs once for each client, in a task of its own."""
    while True:
        line = await reader.readline()
        if not line:
            break
        writer.write(line)
        await writer.drain()
    writer.close()


async def ask(server, word):
    """A client: says one thing, and gives back what it hears."""
    reader, writer = await asyncio.open_connection(*server)
    writer.write(f"{word}\n".encode())
    answer = await reader.readline()
    writer.close()
    return text(answer)


def text(line):
    """A line for a terminal: without its end, and without what would move the cursor about."""
    text = line.decode(errors="replace").strip()
    return "".join(it for it in text if it.isprintable())


class Room:
    """A chat room: who is there, and what happens to a guest from the first line to the last."""

    PATIENCE = 1 << 20

    def __init__(self):
        self.guests = {}

    async def host(self, reader, writer):
        try:
            await self.listen(reader, writer)
        except ValueError:
            writer.write(b"* that line is too long\n")
        except ConnectionError:
            pass
        finally:
            writer.close()

    async def listen(self, reader, writer):
        name = text(await reader.readline())
        if not name or name in self.guests:
            writer.write(
                b"* that name is empty, or somebody has it: come again with another one\n"
            )
            return
        self.tell_all(f"* {name} is here")
        self.guests[name] = writer
        names = ", ".join(sorted(self.guests))
        writer.write(f"* welcome, {name}. Here: {names}\n".encode())
        try:
            while line := await reader.readline():
                self.tell_others(name, f"{name}: {text(line)}")
        finally:
            del self.guests[name]
            self.tell_all(f"* {name} has left")

    def tell_all(self, line):
        self.tell_others("", line)

    def tell_others(self, speaker, line):
        for name, writer in self.guests.items():
            if name == speaker or writer.is_closing():
                continue
            writer.write(f"{line}\n".encode())
            if writer.transport.get_write_buffer_size() > self.PATIENCE:
                writer.transport.abort()


async def shut_down(server, room):
    """Lets nobody in any more, says goodbye, and waits until it is heard."""
    server.close()
    room.tell_all("* the chat is closing")
    # Rust's `close_clients`, which Python has from 3.13 on.
    for writer in list(room.guests.values()):
        writer.close()
    try:
        await asyncio.wait_for(server.wait_closed(), 2)
    except TimeoutError:
        for writer in list(room.guests.values()):
            writer.transport.abort()


async def main():
    server = await asyncio.start_server(echo, "127.0.0.1", 0)
    address = server.sockets[0].getsockname()
    answers = await asyncio.gather(*(ask(address, word) for word in ["one", "two", "three"]))
    print(f"echo: {', '.join(answers)}")
    server.close()
    await server.wait_closed()

    room = Room()
    server = await asyncio.start_server(room.host, "127.0.0.1", 0)
    address = server.sockets[0].getsockname()
    ann = await Guest.enter(address, "Ann")
    bob = await Guest.enter(address, "Bob")
    await ann.hear()
    ann.say("hello, Bob")
    await bob.hear()
    bob.say("I have to go")
    await ann.hear()
    bob.writer.close()
    await ann.hear()

    await asyncio.gather(ann.hear(), shut_down(server, room))
    await ann.hear()
    ann.writer.close()


class Guest:
    """A client of the chat."""

    @classmethod
    async def enter(cls, server, name):
        guest = cls()
        guest.name = name
        guest.reader, guest.writer = await asyncio.open_connection(*server)
        guest.say(name)
        await guest.hear()
        return guest

    def say(self, line):
        self.writer.write(f"{line}\n".encode())

    async def hear(self):
        line = await self.reader.readline()
        if not line:
            print(f"{self.name} hears nothing more")
        else:
            print(f"{self.name} hears: {text(line)}")


asyncio.run(main())
