"""When main ends, the tasks that are left are cancelled, as in main.rs."""

import asyncio


async def save(what):
    print(f"saving {what}")
    await asyncio.sleep(0.1)
    print(f"saved {what}")


async def save_or_say(what):
    try:
        await save(what)
    except asyncio.CancelledError:
        print(f"{what} was cut off")
        raise


async def forget():
    # Python holds its tasks weakly: without the names, it might collect them.
    letter = asyncio.create_task(save("the letter"))
    photo = asyncio.create_task(save_or_say("the photo"))
    await asyncio.sleep(0)
    print("main ends")


async def wait():
    """The way out: await it before the end."""
    book = asyncio.create_task(save("the book"))
    print("main waits")
    await book


asyncio.run(forget())
print("--")
asyncio.run(wait())
