"""A context variable has a value of its own in each task. Prints output.txt, as main.rs does."""

import asyncio
from contextvars import ContextVar

USER = ContextVar("user", default="nobody")


def log(what):
    """Nobody hands it the user: it asks the context."""
    print(f"{USER.get()}: {what}")


async def serve(user):
    USER.set(user)
    log("hello")
    await asyncio.sleep(0)
    log("bye")


async def main():
    await asyncio.gather(serve("Ann"), serve("Bob"))
    log("nobody was set here")

    async def from_a_task():
        log("from a task")

    USER.set("Eve")
    task = asyncio.create_task(from_a_task())
    USER.set("Zoe")
    await task


asyncio.run(main())
