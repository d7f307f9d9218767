"""I want a fast producer to wait for its consumers (back-pressure).

Usage: back-pressure.py [SPEED]    every wait is divided by SPEED
"""

import asyncio
import sys

SPEED = float(sys.argv[1]) if len(sys.argv) > 1 else 1.0
NO_MORE = None  # `Queue.shutdown` came with 3.13


async def producer(queue, consumers):
    for part in range(1, 7):
        await asyncio.sleep(0.1 / SPEED)
        if queue.full():
            print(f"producer: made {part}, and waits")
        await queue.put(part)
        print(f"producer: put {part}")
    for _ in range(consumers):
        await queue.put(NO_MORE)


async def consumer(name, seconds, queue):
    while (part := await queue.get()) is not NO_MORE:
        await asyncio.sleep(seconds / SPEED)
        print(f"{name}: used {part}")


async def back_pressure():
    queue = asyncio.Queue(maxsize=2)
    consumers = [("left", 0.6), ("right", 0.8)]
    making = asyncio.create_task(producer(queue, len(consumers)))
    await asyncio.gather(*(consumer(*c, queue) for c in consumers))
    await making


if __name__ == "__main__":
    asyncio.run(back_pressure())
