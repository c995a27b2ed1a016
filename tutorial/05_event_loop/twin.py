"""Lesson 05 in Python: the event loop, by hand. Prints output.txt, as main.rs does."""

import asyncio


async def divide(a, b):
    await asyncio.sleep(0.1)
    if b == 0:
        raise ValueError(f"can't divide {a} by {b}")
    return a // b


def main():
    closed_in_any_case()
    callbacks()
    one_turn_at_a_time()


def closed_in_any_case():
    # From Python 3.14 on, get_event_loop() makes no loop. Rust's does, as Python's did before.
    asyncio.set_event_loop(asyncio.new_event_loop())
    loop = asyncio.get_event_loop()
    try:
        calculate(loop)
    except ValueError as error:
        print(f"error: {error}")
    print(f"closed: {str(loop.is_closed()).lower()}")


def calculate(loop):
    try:
        print(f"12 / 3 = {loop.run_until_complete(divide(12, 3))}")
        print(f"12 / 0 = {loop.run_until_complete(divide(12, 0))}")
    finally:
        loop.close()


def callbacks():
    loop = asyncio.new_event_loop()
    try:
        loop.call_later(0.2, later)
        loop.call_soon(print, "soon")

        print("nothing runs before the loop does")
        loop.run_forever()
        print("stopped")
    finally:
        loop.close()


def later():
    print("later: stop")
    asyncio.get_event_loop().stop()


def one_turn_at_a_time():
    loop = asyncio.new_event_loop()
    try:
        loop.call_soon(first_turn)

        run_once(loop)
        print("in between, the loop stands still")
        run_once(loop)
    finally:
        loop.close()


def first_turn():
    print("turn 1")
    asyncio.get_event_loop().call_soon(print, "turn 2")


def run_once(loop):
    """Rust's `run_once`. A loop that is told to stop before it runs makes one turn."""
    loop.stop()
    loop.run_forever()


main()
