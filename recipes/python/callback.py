"""I want something called when asynchronous work is done.

Usage: callback.py [SPEED]    every wait is divided by SPEED
"""

import asyncio
import sys

SPEED = float(sys.argv[1]) if len(sys.argv) > 1 else 1.0
SECONDS = [("first", 5), ("second", 0), ("third", 3)]


async def sleeping(order, seconds):
    await asyncio.sleep(seconds / SPEED)
    return order


async def future_callback(callback):
    futures = []
    for order, seconds in SECONDS:
        future = asyncio.ensure_future(sleeping(order, seconds))
        future.add_done_callback(callback)
        futures.append(future)
    await asyncio.wait(futures)


if __name__ == "__main__":
    results = []

    def store_result(future):
        results.append(future.result())

    asyncio.run(future_callback(store_result))
    for result in results:
        print(f"future callback: {result}")
