import asyncio


async def count():
    for number in range(4):
        print("task", number)
        await asyncio.sleep(0)


async def main(name):
    print(name)
    await asyncio.sleep(0)


loop = asyncio.new_event_loop()
task = loop.create_task(count())
loop.run_until_complete(main("first run"))
print("between the runs")
loop.run_until_complete(main("second run"))
loop.run_until_complete(task)
loop.close()
