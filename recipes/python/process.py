"""I want to perform non-blocking processing in multiple processes.

Usage: process.py [SPEED]    every wait is divided by SPEED
"""

import sys

sys.path.pop(0)  # the folder of this file, whose queue.py would hide the library's

import asyncio
import time
from concurrent.futures import ProcessPoolExecutor

SPEED = float(sys.argv[1]) if len(sys.argv) > 1 else 1.0


def print_num(num):
    """A function of the module: it travels by its name, and its argument by pickle."""
    time.sleep(1 / SPEED)
    # One piece: text and line end, written one after the other, mix with those of other workers.
    print(f"{num}\n", end="", flush=True)


async def async_by_process(workers=4):
    loop = asyncio.get_running_loop()
    queue = asyncio.Queue()
    for num in range(10):
        queue.put_nowait(num)

    with ProcessPoolExecutor(workers) as executor:

        async def proc():
            while not queue.empty():
                await loop.run_in_executor(executor, print_num, queue.get_nowait())

        await asyncio.gather(*(proc() for _ in range(workers)))


if __name__ == "__main__":
    asyncio.run(async_by_process())
