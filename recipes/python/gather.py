"""I want to process in parallel, and have the results in the order of the input.

Usage: gather.py [SPEED]    every wait is divided by SPEED
"""

import asyncio
import sys

SPEED = float(sys.argv[1]) if len(sys.argv) > 1 else 1.0
SECONDS = [("first", 5), ("second", 0), ("third", 3)]


async def sleeping(order, seconds, hook):
    await asyncio.sleep(seconds / SPEED)
    hook(order)
    return order


async def parallel_by_gather():
    def notify(order):
        print(f"{order} has just finished.")

    return await asyncio.gather(*(sleeping(*s, hook=notify) for s in SECONDS))


if __name__ == "__main__":
    for result in asyncio.run(parallel_by_gather()):
        print(f"asyncio.gather result: {result}")
