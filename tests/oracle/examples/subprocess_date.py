import asyncio


async def get_date():
    # Create the subprocess; redirect its standard output into a pipe.
    process = await asyncio.create_subprocess_exec(
        "date", "+%Y-%m-%d %H:%M:%S", stdout=asyncio.subprocess.PIPE
    )

    # Read one line of output.
    line = (await process.stdout.readline()).decode("ascii")

    # Wait for its end.
    await process.wait()
    return line.rstrip()


async def main():
    date = await get_date()
    print(f"Current date: {date}")


asyncio.run(main())
