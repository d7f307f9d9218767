"""I want a time limit for one step.

Usage: timeout.py [SPEED]    every wait is divided by SPEED
"""

import asyncio
import sys

SPEED = float(sys.argv[1]) if len(sys.argv) > 1 else 1.0


async def download(name, parts, received):
    try:
        for part in range(1, parts + 1):
            await asyncio.sleep(0.2 / SPEED)
            received.append(part)
    finally:
        print(f"{name}: connection closed")


async def time_limits(limit):
    for name, parts in [("quick", 2), ("slow", 5)]:
        received = []
        try:
            async with asyncio.timeout(limit / SPEED):
                await download(name, parts, received)
            print(f"{name}: complete")
        except TimeoutError:
            print(f"{name}: too late, has {received} of {parts}")

    async def patient():
        received = []
        await download("patient", 4, received)
        return received

    task = asyncio.create_task(patient())
    try:
        # Without `shield`, the limit would cancel the task.
        await asyncio.wait_for(asyncio.shield(task), limit / SPEED)
    except TimeoutError:
        print("patient: not yet, and goes on")
    print(f"patient: has {await task}")


if __name__ == "__main__":
    asyncio.run(time_limits(0.5))
