"""Lesson 11 in Python: task groups. Prints output.txt, as main.rs does."""

import asyncio
import json


async def main():
    await children_that_borrow()
    await values()
    await children_of_children()
    await an_error()


async def fetch(page, delay, fetched):
    await asyncio.sleep(delay)
    fetched.append(page.upper())


async def children_that_borrow():
    pages = [("index", 0.3), ("news", 0.1)]
    fetched = []

    async with asyncio.TaskGroup() as group:
        for page, delay in pages:
            group.create_task(fetch(page, delay, fetched))
        print("two children, started together")
    print(f"fetched {json.dumps(fetched)}")  # In double quotes, as Rust shows a text.


async def price(fruit):
    await asyncio.sleep(0.1)
    return 3 if fruit == "apple" else 4


async def values():
    async with asyncio.TaskGroup() as group:
        apple = group.create_task(price("apple"))
        pear = group.create_task(price("pear"))
    print(f"apple {apple.result()}, pear {pear.result()}")


async def visit(group, folder):
    """Visits a folder, and each folder in it in a child of its own."""
    print(folder)
    await asyncio.sleep(0)  # Stands for the disk, which takes its time.
    inside = {
        "home": ["music", "photos"],
        "photos": ["beach"],
    }
    for folder in inside.get(folder, []):
        group.create_task(visit(group, folder))


async def children_of_children():
    async with asyncio.TaskGroup() as group:
        await visit(group, "home")
    print(f"tasks left: {len(asyncio.all_tasks())}")


class SoldOut(Exception):
    pass


class NoRefund(Exception):
    pass


async def book_hotel():
    await asyncio.sleep(0.2)
    raise SoldOut("hotel")


async def book_train():
    try:
        await asyncio.sleep(60)
    except asyncio.CancelledError:
        await asyncio.sleep(0.1)
        print("train: gave the seat back")
        raise


async def book_concert():
    try:
        await asyncio.sleep(60)
    except asyncio.CancelledError:
        await asyncio.sleep(0.3)
        print("concert: tried to give the ticket back")
        # `from None`: the cancellation is dealt with, and is not to be shown with it.
        raise NoRefund("concert") from None


async def an_error():
    try:
        async with asyncio.TaskGroup() as group:
            group.create_task(book_hotel())
            group.create_task(book_train())
            group.create_task(book_concert())
        print("a trip")
    except* SoldOut as group:
        for error in group.exceptions:
            print(f"sold out: {error}")
    except* NoRefund as group:
        for error in group.exceptions:
            print(f"not paid back: {error}")


asyncio.run(main())
