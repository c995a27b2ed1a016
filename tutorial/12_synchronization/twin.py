"""Lesson 12 in Python: locks, events, conditions, semaphores, barriers. Prints output.txt, as main.rs does."""

import asyncio


async def main():
    await lock()
    await event()
    await condition()
    await semaphore()
    await barrier()


async def lock():
    """Five tasks put a coin each into a box. To count, each reads, waits, and writes."""
    coins = 0

    async def add():
        nonlocal coins
        before = coins
        await asyncio.sleep(0)  # The others read, too, before this one writes.
        coins = before + 1

    await asyncio.gather(*(add() for _ in range(5)))
    print(f"without a lock, 5 coins are {coins}")

    coins = 0
    box = asyncio.Lock()

    async def add():
        nonlocal coins
        async with box:
            before = coins
            await asyncio.sleep(0)
            coins = before + 1

    await asyncio.gather(*(add() for _ in range(5)))
    print(f"with a lock, 5 coins are {coins}")


async def event():
    """Two workers need the settings, which take a while to load."""
    settings = "nothing"

    async def load():
        nonlocal settings
        await asyncio.sleep(0.1)
        settings = "the settings"

    async def work(name):
        print(f"without an event, {name} has {settings}")

    await asyncio.gather(load(), work("Ann"), work("Bob"))

    settings = "nothing"
    loaded = asyncio.Event()

    async def load_and_tell():
        await load()
        loaded.set()

    async def work(name):
        await loaded.wait()
        print(f"with an event, {name} has {settings}")

    await asyncio.gather(load_and_tell(), work("Ann"), work("Bob"))


async def condition():
    """A customer wants three apples. A farmer brings four, one by one."""
    stock = 0
    delivered = asyncio.Event()

    async def farmer():
        nonlocal stock
        for _ in range(4):
            await asyncio.sleep(0.02)
            stock += 1
            delivered.set()

    async def customer():
        await delivered.wait()  # Something has come. Enough?
        print(f"without a condition, the customer wants 3 and finds {stock}")

    await asyncio.gather(farmer(), customer())

    stock = 0
    changed = asyncio.Condition()  # It has a lock of its own.

    async def farmer():
        nonlocal stock
        for _ in range(4):
            await asyncio.sleep(0.02)
            async with changed:
                stock += 1
                changed.notify_all()

    async def customer():
        nonlocal stock
        async with changed:
            await changed.wait_for(lambda: stock >= 3)
            print(f"with a condition, the customer wants 3 and finds {stock}")
            stock -= 3

    await asyncio.gather(farmer(), customer())
    print(f"left over: {stock}")


class Server:
    """Serves two at a time, and turns away who comes beyond that."""

    serving = 0
    refused = 0

    async def ask(self):
        if self.serving == 2:
            self.refused += 1
            return
        self.serving += 1
        await asyncio.sleep(0.02)
        self.serving -= 1


async def semaphore():
    server = Server()
    await asyncio.gather(*(server.ask() for _ in range(6)))
    print(f"without a semaphore, {server.refused} of 6 are refused")

    server = Server()
    two = asyncio.Semaphore(2)

    async def ask():
        async with two:
            await server.ask()

    await asyncio.gather(*(ask() for _ in range(6)))
    print(f"with a semaphore, {server.refused} of 6 are refused")


async def barrier():
    """Three bakers make a layer each. Each then puts cream on the layer of the next one."""
    layers = []

    async def bake(baker):
        await asyncio.sleep(0.05 * baker)
        layers.append(baker)

    def finish(baker):
        return "cream" if (baker + 1) % 3 in layers else "no layer there"

    async def work(baker):
        await bake(baker)
        return finish(baker)

    done = await asyncio.gather(*map(work, range(3)))
    print(f"without a barrier: {', '.join(done)}")

    layers.clear()
    all_baked = asyncio.Barrier(3)

    async def work(baker):
        await bake(baker)
        await all_baked.wait()
        return finish(baker)

    done = await asyncio.gather(*map(work, range(3)))
    print(f"with a barrier: {', '.join(done)}")


asyncio.run(main())
