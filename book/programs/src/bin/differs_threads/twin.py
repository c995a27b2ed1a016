"""One thread at a time holds the global interpreter lock; the others stand still."""

import sys
import threading

GOAL = 100_000
go = threading.Event()
counter = 0

# The interpreter takes the lock away from a thread
# after 5 ms. After a minute, here: long enough to
# see what the lock itself does.
sys.setswitchinterval(60)


def count():
    global counter
    go.wait()
    while counter < GOAL:
        counter += 1


def has_moved():
    return any(counter > 0 for _ in range(1_000_000))


def main():
    other = threading.Thread(target=count)
    other.start()
    go.set()
    print(f"the other thread moved while this one computed: {str(has_moved()).lower()}")
    other.join()
    print(f"counted to {counter}")


main()
