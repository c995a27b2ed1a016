"""Lesson 07 in Python: a database. Prints output.txt, as main.rs does."""

import asyncio
import sqlite3
import tempfile
from contextlib import asynccontextmanager
from pathlib import Path

# A thousand tasks will share them.
CONNECTIONS = 5


class Pool:
    """Connections that wait in a queue. sqlite3 blocks: each call goes to a thread."""

    def __init__(self, path):
        self.free = asyncio.Queue()
        for _ in range(CONNECTIONS):
            # Any thread of to_thread may be the next to use it; one at a time does.
            connection = sqlite3.connect(path, timeout=60, check_same_thread=False)
            # What is written reaches the disk later, in one go.
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("PRAGMA synchronous = NORMAL")
            self.free.put_nowait(connection)

    @asynccontextmanager
    async def connection(self):
        connection = await self.free.get()
        try:
            yield connection
        finally:
            # Undoes what wasn't committed.
            connection.rollback()
            self.free.put_nowait(connection)

    async def execute(self, sql, values=()):
        async with self.connection() as connection:
            rows = await asyncio.to_thread(lambda: connection.execute(sql, values).fetchall())
            await asyncio.to_thread(connection.commit)
            return rows

    async def close(self):
        for _ in range(CONNECTIONS):
            (await self.free.get()).close()


async def main():
    with tempfile.TemporaryDirectory() as folder:
        pool = Pool(Path(folder) / "lesson.db")
        await write_and_read(pool)
        await transfers(pool)
        await a_cancelled_transfer(pool)
        await a_thousand_at_once(pool)
        await pool.close()


async def write_and_read(pool):
    await pool.execute(
        "CREATE TABLE lesson_accounts (name TEXT PRIMARY KEY, balance BIGINT CHECK (balance >= 0))"
    )
    for name, balance in [("Ada", 100), ("Grace", 50), ("Linus", 0)]:
        await pool.execute("INSERT INTO lesson_accounts VALUES (?, ?)", (name, balance))
    print(f"at first: {await balances(pool)}")


async def balances(pool):
    rows = await pool.execute("SELECT name, balance FROM lesson_accounts ORDER BY name")
    return ", ".join(f"{name} {balance}" for name, balance in rows)


async def transfers(pool):
    await transfer(pool, "Ada", "Linus", 30)
    print(f"30 from Ada to Linus: {await balances(pool)}")

    try:
        await transfer(pool, "Grace", "Linus", 80)
    except sqlite3.IntegrityError:
        print("80 from Grace to Linus: refused")
    print(f"afterwards: {await balances(pool)}")


async def transfer(pool, source, target, amount):
    """Both accounts change, or none."""
    async with pool.connection() as connection:
        # sqlite3 begins a transaction by itself.
        await add(connection, target, amount)
        await add(connection, source, -amount)
        await asyncio.to_thread(connection.commit)


async def add(connection, name, amount):
    sql = "UPDATE lesson_accounts SET balance = balance + ? WHERE name = ?"
    await asyncio.to_thread(connection.execute, sql, (amount, name))


async def a_cancelled_transfer(pool):
    half_done = asyncio.Event()

    async def half_a_transfer():
        async with pool.connection() as connection:
            await add(connection, "Linus", 40)
            half_done.set()
            # Any `await` is a place where a task can be cancelled.
            await asyncio.Event().wait()
            await add(connection, "Ada", -40)
            await asyncio.to_thread(connection.commit)

    task = asyncio.create_task(half_a_transfer())
    await half_done.wait()
    task.cancel()
    try:
        await task
    except asyncio.CancelledError:
        print("40 from Ada to Linus: cancelled half way")
    print(f"afterwards: {await balances(pool)}")


async def a_thousand_at_once(pool):
    await pool.execute("CREATE TABLE lesson_numbers (number BIGINT NOT NULL)")

    async def insert(number):
        await pool.execute("INSERT INTO lesson_numbers VALUES (?)", (number,))

    # All of them run, and all but five wait for a connection.
    inserted = await asyncio.gather(*map(insert, range(1000)), return_exceptions=True)
    errors = sum(isinstance(it, Exception) for it in inserted)

    [(rows, total)] = await pool.execute("SELECT COUNT(*), SUM(number) FROM lesson_numbers")
    print(f"1,000 tasks, {CONNECTIONS} connections: {rows} rows, {errors} errors, sum {total}")


asyncio.run(main())
