"""I want worker processes by default, without handing a pool around.

Usage: default-executor.py [SPEED]    every wait is divided by SPEED
"""

import sys

sys.path.pop(0)  # the folder of this file, whose queue.py would hide the library's

import asyncio
import time
from concurrent.futures import ProcessPoolExecutor

SPEED = float(sys.argv[1]) if len(sys.argv) > 1 else 1.0


def print_num(num):
    time.sleep(1 / SPEED)
    # One piece: text and line end, written one after the other, mix with those of other workers.
    print(f"{num}\n", end="", flush=True)


async def by_default(workers=4):
    loop = asyncio.get_running_loop()
    with ProcessPoolExecutor(workers) as processes:
        try:
            loop.set_default_executor(processes)
        except TypeError as error:  # since 3.11
            print(error, file=sys.stderr)
        # So the pool is handed around all the same.
        await asyncio.gather(*(loop.run_in_executor(processes, print_num, n) for n in range(4)))

    name = "a closure"
    await loop.run_in_executor(None, lambda place: print(f"{name}, on a {place}"), "thread")


if __name__ == "__main__":
    asyncio.run(by_default())
