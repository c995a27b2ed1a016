"""Another thread hands work to a loop. Prints output.txt, as main.rs does."""

import asyncio
import threading


async def add(a, b):
    print("the loop adds")
    await asyncio.sleep(0.1)
    return a + b


def work(loop):
    # This thread waits. The loop's doesn't.
    answer = asyncio.run_coroutine_threadsafe(add(40, 2), loop).result()
    print(f"the thread got {answer}")
    loop.call_soon_threadsafe(loop.stop)


def main():
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=work, args=(loop,))
    thread.start()

    loop.run_forever()
    print("stopped from the thread")
    loop.close()

    thread.join()
    try:
        loop.call_soon_threadsafe(print, "too late")
    except RuntimeError:
        # An exception here, a Result in Rust.
        print("after the end: Err(LoopClosed)")


main()
