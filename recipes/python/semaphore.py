"""I want to control the number of executions in parallel.

Usage: semaphore.py [SPEED]    every wait is divided by SPEED
"""

import asyncio
import sys

SPEED = float(sys.argv[1]) if len(sys.argv) > 1 else 1.0
LENGTHS = [3, 1, 2, 0, 3, 1, 2, 2, 0]


async def sleeping(order, seconds):
    await asyncio.sleep(seconds / SPEED)
    return order


async def limited_parallel(limit=3):
    semaphore = asyncio.Semaphore(limit)

    async def limited_sleep(seconds):
        async with semaphore:  # `with await semaphore` ended with 3.9
            return await sleeping(str(seconds), seconds)

    return await asyncio.gather(*(limited_sleep(seconds) for seconds in LENGTHS))


if __name__ == "__main__":
    for result in asyncio.run(limited_parallel()):
        print(f"limited parallel: {result}")
