"""I want to do something periodically, also when one time takes too long.

Usage: periodic.py [SPEED]    every wait is divided by SPEED
"""

import asyncio
import sys

SPEED = float(sys.argv[1]) if len(sys.argv) > 1 else 1.0


async def interval(period, missed):
    """Gives the moments at which its ticks were due; asyncio has nothing of the kind."""
    now = asyncio.get_running_loop().time
    due = now()
    while True:
        await asyncio.sleep(due - now())
        tick, late = due, now() - due
        if late < period or missed == "burst":
            due += period
        elif missed == "delay":
            due = now() + period
        elif missed == "skip":
            due += period * (late // period + 1)
        yield tick


async def periodically(name):
    period = 0.2 / SPEED
    now = asyncio.get_running_loop().time
    number = 0
    async for due in interval(period, name):
        number += 1
        late = ", late" if now() - due > period / 4 else ""
        print(f"{name}: run {number}{late}")
        if number == 4:
            break
        await asyncio.sleep(0.5 / SPEED if number == 2 else 0)


async def main():
    for name in ["burst", "delay", "skip"]:
        await periodically(name)


if __name__ == "__main__":
    asyncio.run(main())
