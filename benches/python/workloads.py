"""The workloads on Python's asyncio, or on uvloop: python3 workloads.py LOOP WORKLOAD OPERATIONS

Prints what an operation costs: nanoseconds of CPU time, or bytes. Each function is its Rust namesake.
"""

import asyncio
import contextlib
import os
import queue as threads
import sys
import threading
import time

FAR = 600
TASKS = 100
PERMITS = 10


async def give_way(times):
    for _ in range(times):
        await asyncio.sleep(0)


async def answer(number):
    return number


async def spawn_join(n):
    tasks = [asyncio.create_task(answer(number)) for number in range(n)]
    for task in tasks:
        await task


async def spawn_sequential(n):
    for number in range(n):
        await asyncio.create_task(answer(number))


async def yields(n, tasks):
    tasks = [asyncio.create_task(give_way(n // tasks)) for _ in range(tasks)]
    for task in tasks:
        await task


async def yield_1(n):
    await yields(n, 1)


async def yield_1000(n):
    await yields(n, 1000)


async def ping_pong(n):
    # The nearest to the channels of the futures crate that asyncio has.
    ping, pong = asyncio.Queue(1), asyncio.Queue(1)

    async def play():
        for number in range(n):
            await ping.put(number)
            await pong.get()

    async def play_back():
        for _ in range(n):
            await pong.put(await ping.get())

    player, partner = asyncio.create_task(play()), asyncio.create_task(play_back())
    await player
    await partner


async def remote_wake(n):
    loop = asyncio.get_running_loop()
    asked = threads.SimpleQueue()

    def reply():
        while (future := asked.get()) is not None:
            loop.call_soon_threadsafe(future.set_result, 0)

    thread = threading.Thread(target=reply)
    thread.start()
    for _ in range(n):
        future = loop.create_future()
        asked.put(future)
        await future
    asked.put(None)
    thread.join()


async def sleeps(n):
    tasks = [asyncio.create_task(asyncio.sleep(number % 50 / 1000)) for number in range(n)]
    for task in tasks:
        await task


async def timer_drop(n):
    loop = asyncio.get_running_loop()
    for _ in range(n):
        loop.call_later(FAR, print).cancel()


async def timeout_ready(n):
    for number in range(n):
        async with asyncio.timeout(FAR):
            await answer(number)


async def timeout_yield(n):
    for _ in range(n):
        async with asyncio.timeout(FAR):
            await asyncio.sleep(0)


async def gathers(n, at_once):
    async def child(number):
        await asyncio.sleep(0)
        return number

    for _ in range(n // at_once):
        await asyncio.gather(*(child(number) for number in range(at_once)))


async def gather_10(n):
    await gathers(n, 10)


async def gather_10000(n):
    await gathers(n, 10_000)


async def free(primitive, n):
    for _ in range(n):
        async with primitive:
            pass


async def contended(primitive, n):
    async def take_turns():
        for _ in range(n // TASKS):
            async with primitive:
                await asyncio.sleep(0)

    tasks = [asyncio.create_task(take_turns()) for _ in range(TASKS)]
    for task in tasks:
        await task


async def lock_free(n):
    await free(asyncio.Lock(), n)


async def lock_contended(n):
    await contended(asyncio.Lock(), n)


async def semaphore_free(n):
    await free(asyncio.Semaphore(PERMITS), n)


async def semaphore_contended(n):
    await contended(asyncio.Semaphore(PERMITS), n)


async def queue(n):
    items = asyncio.Queue(100)

    async def produce():
        for number in range(n):
            await items.put(number)

    producer = asyncio.create_task(produce())
    for _ in range(n):
        await items.get()
    await producer


def resident():
    with open("/proc/self/smaps_rollup") as rollup:
        line = next(line for line in rollup if line.startswith("Rss:"))
    return int(line.split()[1]) * 1024


async def memory_task(n):
    loop = asyncio.get_running_loop()

    async def idle():
        await loop.create_future()

    before = resident()
    tasks = [asyncio.create_task(idle()) for _ in range(n)]
    await asyncio.sleep(0)
    held = resident() - before
    for task in tasks:
        task.cancel()
    return held


async def memory_timer(n):
    loop = asyncio.get_running_loop()
    before = resident()
    timers = [loop.call_later(FAR, print) for _ in range(n)]
    held = resident() - before
    for timer in timers:
        timer.cancel()
    return held


async def serve(handler):
    open_connections = 0

    async def counted(reader, writer):
        nonlocal open_connections
        open_connections += 1
        with contextlib.suppress(ConnectionError):
            await handler(reader, writer)
        writer.close()
        open_connections -= 1
        if open_connections == 0:
            os._exit(0)

    server = await asyncio.start_server(counted, "127.0.0.1", 0)
    host, port = server.sockets[0].getsockname()
    print(f"{host}:{port}", flush=True)
    await server.serve_forever()


async def echo(n):
    async def handler(reader, writer):
        while message := await reader.read(4096):
            writer.write(message)
            await writer.drain()

    await serve(handler)


async def lines(n):
    async def handler(reader, writer):
        while await reader.readline():
            pass
        writer.close()
        await writer.wait_closed()

    await serve(handler)


async def http(n):
    from aiohttp import web

    async def hello(request):
        return web.Response(text="Hello, world!")

    app = web.Application()
    app.router.add_get("/", hello)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    host, port = runner.addresses[0]
    print(f"{host}:{port}", flush=True)
    await asyncio.Event().wait()


async def nothing():
    pass


def run(name, main):
    if name == "uvloop":
        import uvloop

        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            return runner.run(main)
    return asyncio.run(main)


def cost(name, workload, n):
    before = time.process_time_ns()
    if workload == "start":
        for _ in range(n):
            run(name, nothing())
    elif (held := run(name, globals()[workload](n))) is not None:
        return held / n
    return (time.process_time_ns() - before) / n


if __name__ == "__main__":
    loop, workload, operations = sys.argv[1:]
    if workload.startswith("echo-"):
        workload = "echo"
    print(cost(loop, workload.replace("-", "_"), int(operations)))
