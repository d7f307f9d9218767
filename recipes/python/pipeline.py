"""I want a pipeline: stages that work at the same time, and end one after the other.

Usage: pipeline.py [SPEED]    every wait is divided by SPEED
"""

import asyncio
import sys

SPEED = float(sys.argv[1]) if len(sys.argv) > 1 else 1.0
NO_MORE = object()
tasks = set()  # the loop itself keeps weak references only


def stage(name, seconds, source, work):
    target = asyncio.Queue(maxsize=1)

    async def run():
        while (item := await source.get()) is not NO_MORE:
            await asyncio.sleep(seconds / SPEED)
            await target.put(work(item))
        print(f"{name}: ends")
        await target.put(NO_MORE)

    task = asyncio.create_task(run())
    tasks.add(task)
    task.add_done_callback(tasks.discard)
    return target


async def pipeline():
    numbers = asyncio.Queue()
    for number in [1, 2, 3, 4, NO_MORE]:
        numbers.put_nowait(number)

    fetched = stage("fetch", 0.2, numbers, lambda number: f"page {number}")
    parsed = stage("parse", 0.3, fetched, lambda page: f"words of {page}")
    stored = stage("store", 0.5, parsed, lambda words: f"{words}, stored")
    while (item := await stored.get()) is not NO_MORE:
        print(item)


if __name__ == "__main__":
    asyncio.run(pipeline())
