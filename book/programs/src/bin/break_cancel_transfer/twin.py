"""A transfer in two steps with an await between them, cancelled there, as in main.rs."""

import asyncio


class Bank:
    def __init__(self):
        self.alice, self.bob = 100, 0


async def approve():
    """Asks somebody, which takes time."""
    await asyncio.sleep(0.2)


async def transfer(bank):
    bank.alice -= 10
    await approve()
    bank.bob += 10


async def ask_first(bank):
    """No await between the two steps: both happen, or neither does."""
    await approve()
    bank.alice -= 10
    bank.bob += 10


async def take_back(bank):
    """Where it can't be avoided, the first step is taken back."""
    bank.alice -= 10
    try:
        await approve()
    except asyncio.CancelledError:
        bank.alice += 10
        raise
    bank.bob += 10


async def cut_short(name, transfer):
    bank = Bank()
    task = asyncio.create_task(transfer(bank))
    await asyncio.sleep(0.05)
    task.cancel()
    await asyncio.wait([task])
    end = "cancelled" if task.cancelled() else "done"
    print(f"{name}: {end}, {bank.alice} and {bank.bob}")


async def main():
    await cut_short("transfer", transfer)
    await cut_short("ask first", ask_first)
    await cut_short("take back", take_back)


asyncio.run(main())
