"""Lesson 10 in Python: timeouts and cancellation. Prints output.txt, as main.rs does."""

import asyncio


async def ask(server, delay):
    await asyncio.sleep(delay)
    return f"{server} has answered"


async def main():
    await a_limit()
    await a_cancellation()
    await cleaning_up()
    await a_shield()


async def a_limit():
    for server, delay in [("near", 0.1), ("far", 60)]:
        try:
            async with asyncio.timeout(0.5):
                print(await ask(server, delay))
        except TimeoutError:
            print(f"{server}: timed out after 500ms")


async def a_cancellation():
    task = asyncio.create_task(ask("far", 60))
    await asyncio.sleep(0.1)
    task.cancel("no longer needed")
    try:
        print(await task)
    except asyncio.CancelledError as error:
        print(f"the task was cancelled: {error}")


async def shop(basket):
    """Fills a basket and waits at the till. Who is told to stop puts everything back."""
    try:
        for item in ["apples", "bread"]:
            await asyncio.sleep(0.1)
            print(f"took {item}")
            basket.append(item)
        print("waiting at the till")
        await asyncio.sleep(60)
    except asyncio.CancelledError:
        while basket:
            item = basket.pop()
            await asyncio.sleep(0.05)
            print(f"put {item} back")
        raise


async def cleaning_up():
    basket = []
    try:
        async with asyncio.timeout(1):
            await shop(basket)
        print(f"bought {basket}")
    except TimeoutError:
        print(f"too late: {len(basket)} items in the basket")


async def pay(price):
    print(f"paying {price}")
    await asyncio.sleep(0.6)
    print(f"paid {price}")
    return f"a receipt for {price}"


async def a_shield():
    payment = asyncio.create_task(pay(10))
    try:
        await asyncio.wait_for(payment, 0.2)
    except TimeoutError:
        cancelled = str(payment.cancelled()).lower()
        print(f"the customer leaves; the payment is cancelled: {cancelled}")

    payment = asyncio.create_task(pay(20))
    try:
        await asyncio.wait_for(asyncio.shield(payment), 0.2)
    except TimeoutError:
        print("the customer leaves; the payment goes on")
    print(f"sent after the customer: {await payment}")


asyncio.run(main())
