"""Lesson 06 in Python: read and write files. Prints output.txt, as main.rs does."""

import asyncio
import pathlib
import tempfile
import time

MIB = 1 << 20


async def main():
    # Rust's `with_cleanup`. Making and removing the folder holds the loop up here, for a moment.
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        await a_list(folder)
        await a_large_file(folder)
        await what_blocks(folder)


async def a_list(folder):
    path = folder / "list"
    await asyncio.to_thread(path.write_text, "apples\npears\n")

    def append(text):
        with path.open("a") as file:
            file.write(text)

    await asyncio.to_thread(append, "bread\n")

    text = await asyncio.to_thread(path.read_text)
    for line in text.splitlines():
        print(f"buy {line}")

    try:
        print(await asyncio.to_thread((folder / "recipe").read_text))
    except FileNotFoundError:
        print("there is no recipe")


async def copy(source, target):
    """Copies a file piece by piece. At each `await` a thread reads or writes, and the loop goes on."""
    source = await asyncio.to_thread(open, source, "rb")
    target = await asyncio.to_thread(open, target, "xb")
    copied = 0
    with source, target:
        while piece := await asyncio.to_thread(source.read, MIB):
            await asyncio.to_thread(target.write, piece)
            copied += len(piece)
    return copied


async def a_large_file(folder):
    source, target = folder / "large", folder / "copy"
    await asyncio.to_thread(source.write_bytes, b"x" * 32 * MIB)

    heart = Heart()
    copied = await copy(source, target)
    print(f"copied {copied // MIB} MiB: the heart {heart.stop()}")


def read_slowly(path):
    """A function that isn't async, and takes its time."""
    time.sleep(1.02)
    return path.read_text()


async def what_blocks(folder):
    # `PYTHONASYNCIODEBUG=1` does so for a whole program.
    asyncio.get_running_loop().set_debug(True)
    path = folder / "list"

    async def on_the_loop():
        return read_slowly(path)

    heart = Heart()
    await asyncio.create_task(on_the_loop(), name="on the loop")
    print(f"read on the loop: the heart {heart.stop()}")

    async def on_a_thread():
        return await asyncio.to_thread(read_slowly, path)

    heart = Heart()
    await asyncio.create_task(on_a_thread(), name="on a thread")
    print(f"read on a thread: the heart {heart.stop()}")


class Heart:
    """A task that wants to run every millisecond, and notes how late it was."""

    def __init__(self):
        self.latest = 0
        self.due = time.monotonic() + 0.001
        self.task = asyncio.create_task(self.beat())

    async def beat(self):
        while True:
            self.due = time.monotonic() + 0.001
            await asyncio.sleep(0.001)
            self.latest = max(self.latest, time.monotonic() - self.due)

    def stop(self):
        self.task.cancel()
        latest = max(self.latest, time.monotonic() - self.due)
        return "went on" if latest < 1 else "stood still"


asyncio.run(main())
