"""How do two tasks share one loop?

Usage: two-tasks.py [SPEED]    every wait is divided by SPEED
"""

import asyncio
import sys

SPEED = float(sys.argv[1]) if len(sys.argv) > 1 else 1.0
SECONDS = [("first", 5), ("second", 0), ("third", 3)]


async def sleeping(order, seconds):
    await asyncio.sleep(seconds / SPEED)
    return order


async def basic(number):
    for order, seconds in SECONDS:
        print(f"{number}'s {await sleeping(order, seconds)} is finished.")


async def until_idle():
    # asyncio can only run until something is done: without this, a `run_forever` that never
    # comes back. The handles are kept, because the loop holds tasks weakly.
    tasks = [asyncio.create_task(basic(1)), asyncio.create_task(basic(2))]
    await asyncio.gather(*tasks)
    print("idle: no task is left", file=sys.stderr)


if __name__ == "__main__":
    asyncio.run(until_idle())
