"""Lesson 14 in Python: other programs. Prints output.txt, as main.rs does, but for one line: a process
that nobody refers to runs on."""

import asyncio
import os
import signal
import time
from asyncio.subprocess import PIPE


async def main():
    await sorted_by_another()
    await what_it_said_and_how_it_ended()
    await line_by_line()
    await three_at_once()
    await killed_when_its_time_is_up()
    await asked_to_end()
    await let_go()
    await not_there()


async def sorted_by_another():
    sort = await asyncio.create_subprocess_exec("sort", "-r", stdin=PIPE, stdout=PIPE)
    output, _ = await sort.communicate(b"apples\nkiwis\npears\n")
    print(f"sorted: {shown(output)}")


async def what_it_said_and_how_it_ended():
    shell = await asyncio.create_subprocess_shell(
        "echo half of it; echo no flour left >&2; exit 3", stdout=PIPE, stderr=PIPE
    )
    output, errors = await shell.communicate()
    print(f"output: {shown(output)}")
    print(f"errors: {shown(errors)}")
    print(f"code: Some({shell.returncode})")


async def line_by_line():
    cat = await asyncio.create_subprocess_exec("cat", stdin=PIPE, stdout=PIPE)
    for line in [b"How are you?\n", b"And your mother?\n"]:
        cat.stdin.write(line)
        await cat.stdin.drain()
        answer = await cat.stdout.readline()
        print(f"cat says: {answer.decode().rstrip()}")
    cat.stdin.close()
    print(f"cat ended with {await cat.wait()}")


async def three_at_once():
    start = time.monotonic()

    async def nap(answer):
        shell = await asyncio.create_subprocess_shell(f"sleep 1; exit {answer}")
        return await shell.wait()

    codes = await asyncio.gather(*map(nap, [5, 6, 7]))
    print(f"codes {codes} after {time.monotonic() - start:.0f} s")


async def killed_when_its_time_is_up():
    sleep = await asyncio.create_subprocess_exec("sleep", "3600")
    try:
        await asyncio.wait_for(sleep.wait(), 0.5)
    except TimeoutError:
        print("its time is up")
        sleep.kill()
    print(f"sleep ended with {await sleep.wait()}")


# A program that tidies up when it is asked to end. It says when it is ready to be asked.
TIDY = "trap 'echo tidied up; exit 0' TERM; echo ready; while true; do sleep 0.1; done"


async def asked_to_end():
    shell = await asyncio.create_subprocess_shell(TIDY, stdout=PIPE)

    async def line():
        line = await shell.stdout.readline()
        print(f"the shell says: {line.decode().rstrip()}")

    await line()
    shell.terminate()
    await line()
    try:
        await asyncio.wait_for(shell.wait(), 10)
    except TimeoutError:
        shell.kill()
    print(f"the shell ended with {await shell.wait()}")


async def let_go():
    sleep = await asyncio.create_subprocess_exec("sleep", "60", stdout=PIPE)
    output, pid = sleep.stdout, sleep.pid
    del sleep
    # Its output ends when it does.
    try:
        await asyncio.wait_for(output.read(), 0.5)
        print("let go: it was killed")
    except TimeoutError:
        print("let go: it runs on")
        os.kill(pid, signal.SIGKILL)
        await output.read()


async def not_there():
    try:
        program = await asyncio.create_subprocess_exec("/no/such/program")
        print(f"it runs: {program}")
    except FileNotFoundError:
        print("not started: NotFound")


def shown(output):
    """Writes bytes as Rust's `{:?}` writes a string."""
    text = output.decode().replace("\n", "\\n")
    return f'"{text}"'


asyncio.run(main())
