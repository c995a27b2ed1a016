"""gather with return_exceptions waits for all; without, it raises the first exception."""

import asyncio


async def fetch(name, millis):
    await asyncio.sleep(millis / 1000)
    print(f"{name} is there")
    if name == "bad":
        raise ValueError(f"{name} is broken")
    return name.upper()


def shown(answer):
    """Writes an answer as Rust's `{:?}` writes a Result."""
    if isinstance(answer, Exception):
        return f'Err("{answer}")'
    return f'Ok("{answer}")'


async def main():
    good, bad = await asyncio.gather(
        fetch("good", 200), fetch("bad", 100), return_exceptions=True
    )
    print(f"gather: {shown(good)}, {shown(bad)}")

    # gather made a task of "late". It goes on, with
    # nobody waiting for it.
    try:
        await asyncio.gather(fetch("late", 600), fetch("bad", 100))
    except ValueError as error:
        print(f"try_gather: {shown(error)}")

    await asyncio.sleep(0.6)
    print("end")


asyncio.run(main())
