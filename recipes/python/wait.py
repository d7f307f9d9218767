"""I want to process in parallel, and see what is done and what is not.

Usage: wait.py [SPEED]    every wait is divided by SPEED
"""

import asyncio
import sys

SPEED = float(sys.argv[1]) if len(sys.argv) > 1 else 1.0
SECONDS = [("first", 5), ("second", 0), ("third", 3)]


async def sleeping(order, seconds, hook):
    await asyncio.sleep(seconds / SPEED)
    hook(order)
    return order


async def parallel_by_wait():
    ended = []

    def notify(order):
        ended.append(order)
        print(f"{order} has just finished.")

    # `wait` takes tasks only, since 3.11.
    tasks = [asyncio.create_task(sleeping(*s, hook=notify)) for s in SECONDS]
    done, _pending = await asyncio.wait(tasks)
    # `done` is a set, in the order of addresses: the order of ending has to be kept by hand.
    return sorted(done, key=lambda task: ended.index(task.result()))


if __name__ == "__main__":
    for task in asyncio.run(parallel_by_wait()):
        print(f"asyncio.wait result: {task.result()}")
