import asyncio


async def run(command):
    process = await asyncio.create_subprocess_shell(
        command, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
    )

    stdout, stderr = await process.communicate()

    print(f"[{command!r} exited with {process.returncode}]")
    if stdout:
        print(f"[stdout]\n{stdout.decode()}")
    if stderr:
        print(f"[stderr]\n{stderr.decode()}")


async def main():
    await run("ls -d /")
    # Python's documentation lists `/zzz`; each system's `ls` has its own words and code for that,
    # each language its own words.
    await run("LC_ALL=C cat /zzz")


asyncio.run(main())
