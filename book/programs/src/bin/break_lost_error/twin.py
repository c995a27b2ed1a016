"""An exception of a task that nobody awaits, as the error in main.rs."""

import asyncio


async def save():
    await asyncio.sleep(0.01)
    raise OSError("the disk is full")


async def save_or_say():
    try:
        await save()
    except OSError as error:
        print(f"not saved: {error}")


async def main():
    # Says "Task exception was never retrieved" on standard error, once the task is collected.
    saving = asyncio.create_task(save())
    await asyncio.sleep(0.2)
    del saving
    print("the first one said nothing")

    saving = asyncio.create_task(save_or_say())
    await asyncio.sleep(0.2)

    try:
        await asyncio.create_task(save())
    except OSError as error:
        print(f'awaited: Err("{error}")')


asyncio.run(main())
