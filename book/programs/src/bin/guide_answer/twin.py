"""What a coroutine answers comes out of asyncio.run. Prints output.txt, as main.rs does."""

import asyncio


async def double(text):
    number = int(text)
    await asyncio.sleep(0.1)
    return number * 2


def main():
    print(f"Ok({asyncio.run(double('21'))})")
    try:
        print(f"Ok({asyncio.run(annotated())})")
    except ValueError:
        # How Rust writes the error of `parse`.
        print("Err(ParseIntError { kind: InvalidDigit })")


async def annotated():
    four = await double("2")
    error = await double("two")
    # Not reached: the exception has left.
    return four + error


main()
