"""How do I write non-blocking work at all?

Usage: basic.py [SPEED]    every wait is divided by SPEED
"""

import asyncio
import sys

SPEED = float(sys.argv[1]) if len(sys.argv) > 1 else 1.0
SECONDS = [("first", 5), ("second", 0), ("third", 3)]


async def sleeping(order, seconds):
    await asyncio.sleep(seconds / SPEED)
    return order


async def basic():
    # One coroutine, three waits, one after the other.
    for order, seconds in SECONDS:
        print(f"{await sleeping(order, seconds)} is finished.")


if __name__ == "__main__":
    asyncio.run(basic())
