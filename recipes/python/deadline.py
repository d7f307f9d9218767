"""I want to ask many at once, and take what is there by a deadline.

Usage: deadline.py [SPEED]    every wait is divided by SPEED
"""

import asyncio
import sys

SPEED = float(sys.argv[1]) if len(sys.argv) > 1 else 1.0
SHOPS = [
    ("north", 0.3, 17),
    ("south", 1.4, 12),
    ("east", 0.9, 19),
    ("west", 0.6, 15),
    ("upstairs", 2.0, 11),
]


async def price(_shop, seconds, price):
    await asyncio.sleep(seconds / SPEED)
    return price


async def by_deadline(limit, coroutines):
    tasks = [asyncio.create_task(coroutine) for coroutine in coroutines]
    # `gather` within a `timeout` would throw away the answers that have come.
    done, pending = await asyncio.wait(tasks, timeout=limit / SPEED)
    for task in pending:
        task.cancel()
    await asyncio.gather(*pending, return_exceptions=True)
    return [task.result() if task in done else None for task in tasks]


if __name__ == "__main__":
    prices = asyncio.run(by_deadline(1.0, (price(*shop) for shop in SHOPS)))
    for (shop, *_), found in zip(SHOPS, prices):
        print(f"{shop}: {'no answer in time' if found is None else found}")
    answers = [found for found in prices if found is not None]
    print(f"best of those that answered: {min(answers)}" if answers else "nobody answered")
