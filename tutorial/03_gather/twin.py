"""Lesson 03 in Python: wait for several futures at once. Prints output.txt, as main.rs does."""

import asyncio


async def say_after(seconds, what):
    await asyncio.sleep(seconds)
    print(what)
    return what.upper()


async def price(fruit):
    """Asks a shop that sells apples and pears."""
    await asyncio.sleep(0.5)
    prices = {"apple": 3, "pear": 4}
    if fruit not in prices:
        raise ValueError(f"no price for {fruit}")
    return prices[fruit]


async def main():
    await three_at_once()
    await an_error_in_one()
    await a_list()


async def three_at_once():
    mark, hello, world = await asyncio.gather(
        say_after(3, "!"), say_after(1, "hello"), say_after(2, "world")
    )
    print(f"answers: {mark} {hello} {world}")


async def an_error_in_one():
    # Rust's `gather!`: every answer comes back, exceptions among them.
    apple, kiwi = await asyncio.gather(
        price("apple"), price("kiwi"), return_exceptions=True
    )
    print(f"each one: {shown(apple)}, {shown(kiwi)}")

    # Rust's `try_gather!`: the first exception ends the waiting. Calls still under way go on here,
    # where Rust drops them.
    try:
        apple, kiwi = await asyncio.gather(price("apple"), price("kiwi"))
        print(f"together: {apple + kiwi}")
    except ValueError as error:
        print(f"together: {error}")


async def a_list():
    fruits = "apple pear apple"
    prices = await asyncio.gather(*map(price, fruits.split(" ")))
    print(f"{fruits}: {shown(prices)}")


def shown(answer):
    """Writes an answer as Rust's `{:?}` writes a Result."""
    if isinstance(answer, Exception):
        return f'Err("{answer}")'
    return f"Ok({answer})"


asyncio.run(main())
