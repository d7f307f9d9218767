"""I want to try again when it fails, with pauses that grow (exponential back-off).

Usage: retry.py [SPEED]    every wait is divided by SPEED
"""

import asyncio
import sys

SPEED = float(sys.argv[1]) if len(sys.argv) > 1 else 1.0


class Passing(Exception):
    """It may be better next time."""


class Lasting(Exception):
    """It will be the same next time."""


async def retry(name, attempt):
    pause = 100
    number = 1
    while True:
        try:
            async with asyncio.timeout(0.5 / SPEED):
                return await attempt(number)
        except TimeoutError:
            trouble = Passing("no answer in time")
        except Passing as error:
            trouble = error
        if number == 4:
            raise trouble
        print(f"{name}: {trouble}, again in {pause}ms")
        await asyncio.sleep(pause / 1000 / SPEED)
        pause *= 2
        number += 1


async def fetch(name, attempt):
    await asyncio.sleep(0.1 / SPEED)
    match name, attempt:
        case "moody", 1:
            raise Passing("busy")
        case "moody", 2:
            await asyncio.Future()  # nobody ever sets it
        case "moody", _:
            return "a page"
        case "empty", _:
            raise Lasting("no such page")
        case _:
            raise Passing("busy")


async def main():
    for name in ["moody", "empty", "crowded"]:
        try:
            page = await retry(name, lambda attempt: fetch(name, attempt))
            print(f"{name}: {page}")
        except (Passing, Lasting) as trouble:
            print(f"{name}: {trouble}, given up")


if __name__ == "__main__":
    asyncio.run(main())
