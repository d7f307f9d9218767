"""I want only the newest value, not all of them.

Usage: latest.py [SPEED]    every wait is divided by SPEED
"""

import asyncio
import sys

SPEED = float(sys.argv[1]) if len(sys.argv) > 1 else 1.0


class Watched:
    """A value, how often it has changed, and whether it may change again."""

    def __init__(self, value):
        self.value = value
        self.version = 0
        self.is_final = False
        self.condition = asyncio.Condition()

    async def send(self, value):
        async with self.condition:
            self.value = value
            self.version += 1
            self.condition.notify_all()

    async def close(self):
        async with self.condition:
            self.is_final = True
            self.condition.notify_all()

    async def wait_for(self, accept):
        async with self.condition:
            await self.condition.wait_for(lambda: accept() or self.is_final)
            return accept()


async def display(floor):
    seen = 0
    while await floor.wait_for(lambda: floor.version != seen):
        seen = floor.version
        print(f"display: floor {floor.value}")
        await asyncio.sleep(0.7 / SPEED)
    print("display: off")


async def passenger(floor):
    if await floor.wait_for(lambda: floor.value >= 5):
        print(f"passenger: gets in at floor {floor.value}")
    else:
        print("passenger: takes the stairs")


async def latest():
    floor = Watched(0)
    waiting = asyncio.create_task(passenger(floor))
    showing = asyncio.create_task(display(floor))
    for number in range(1, 8):
        await asyncio.sleep(0.2 / SPEED)
        await floor.send(number)
    await floor.close()
    await waiting
    await showing


if __name__ == "__main__":
    asyncio.run(latest())
