"""Lesson 17 in Python: tests of async code. Prints output.txt, as main.rs does, but for two lines: Python's
loop has one order, so it finds nothing. The tests are at the end, and run with the program."""

import asyncio
import time
import unittest
from unittest import mock


class Account:
    def __init__(self):
        self.balance = 0
        self.paid_in = asyncio.Event()

    async def deposit(self, amount):
        await walk_to_the_bank()
        self.balance += amount
        self.paid_in.set()

    async def withdraw(self, amount):
        """The mistake: it takes for granted that somebody has paid in by now."""
        await walk_to_the_bank()
        if self.balance >= amount:
            self.balance -= amount

    async def withdraw_mended(self, amount):
        """Waits for what it needs."""
        await self.paid_in.wait()
        await self.withdraw(amount)


async def walk_to_the_bank():
    await asyncio.sleep(600)


async def pay_day(withdraw):
    """Three pay in 50, one takes out 30: 120 should be left."""
    account = Account()
    await asyncio.gather(
        account.deposit(50), account.deposit(50), account.deposit(50), withdraw(account, 30)
    )
    return account.balance


async def keep_asking(tries, ask):
    """Asks until it gets something, `tries` times at most. Waits 1 s, then 2 s, 4 s, and so on."""
    pause = 1
    for _ in range(1, tries):
        if (answer := await ask()) is not None:
            return answer
        await asyncio.sleep(pause)
        pause *= 2
    return await ask()


class InNoTime:
    """What Python has in place of a virtual clock: a `sleep` that only notes how long it should last."""

    def __init__(self):
        self.waited = 0
        self.patch = mock.patch("asyncio.sleep", self.sleep)
        self.real_sleep = asyncio.sleep

    async def sleep(self, seconds):
        self.waited += seconds
        await self.real_sleep(0)

    def __enter__(self):
        self.patch.start()
        return self

    def __exit__(self, *error):
        self.patch.stop()


def main():
    with InNoTime():
        left = asyncio.run(pay_day(Account.withdraw))
        print(f"the usual order: {left} left")

        runs = [asyncio.run(pay_day(Account.withdraw)) for _ in range(100)]
        print(f"{len(runs)} runs in the usual order: {', '.join(map(str, set(runs)))} left")

        left = asyncio.run(pay_day(Account.withdraw_mended))
        print(f"mended: {left} left")

    half_an_hour()


def half_an_hour():
    async def nothing():
        return None

    start = time.monotonic()
    with InNoTime() as clock:
        asyncio.run(keep_asking(12, nothing))
    print(f"12 tries waited {clock.waited} s in {time.monotonic() - start:.0f} s")


class Tests(unittest.IsolatedAsyncioTestCase):
    async def test_in_the_usual_order_all_is_well(self):
        with InNoTime():
            self.assertEqual(await pay_day(Account.withdraw), 120)

    async def test_the_pauses_double(self):
        asked_at = []

        async def ask():
            asked_at.append(clock.waited)
            return "yes" if len(asked_at) == 4 else None

        with InNoTime() as clock:
            self.assertEqual(await keep_asking(10, ask), "yes")
        self.assertEqual(asked_at, [0, 1, 3, 7])


main()
if not unittest.main(exit=False).result.wasSuccessful():
    print("the tests fail")
