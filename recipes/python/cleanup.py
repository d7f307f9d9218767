"""I want what I started to end with me, and to clean up (structured concurrency).

Usage: cleanup.py [SPEED]    every wait is divided by SPEED
"""

import asyncio
import sys

SPEED = float(sys.argv[1]) if len(sys.argv) > 1 else 1.0


class Stuck(Exception):
    pass


async def work(name, seconds, succeeds):
    try:
        await asyncio.sleep(seconds / SPEED)
        if not succeeds:
            raise Stuck(f"{name} is stuck")
        print(f"{name}: done")
    finally:
        print(f"{name}: clears the desk")


async def team(bob_succeeds):
    async with asyncio.TaskGroup() as group:
        group.create_task(work("Ann", 0.2, True))
        group.create_task(work("Bob", 0.4, bob_succeeds))
        group.create_task(work("Cid", 0.7, True))


async def cleanup():
    try:
        await team(False)
        print("the first team is done")
    except* Stuck as failed:
        print(f"the first team: {', '.join(map(str, failed.exceptions))}")
    try:
        await asyncio.wait_for(team(True), 0.5 / SPEED)
        print("the second team is done")
    except TimeoutError:
        print("the second team: out of time")


if __name__ == "__main__":
    asyncio.run(cleanup())
