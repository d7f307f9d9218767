"""I want tasks to share state: do I need a lock?

Usage: sharing.py [SPEED]    every wait is divided by SPEED
"""

import asyncio
import sys

SPEED = float(sys.argv[1]) if len(sys.argv) > 1 else 1.0


async def careless(accounts):
    seen = accounts["Ann"]
    await asyncio.sleep(0.2 / SPEED)
    accounts["Ann"] = seen + 10


async def at_once(accounts):
    await asyncio.sleep(0.2 / SPEED)
    accounts["Ann"] += 10


async def locked(accounts, lock):
    async with lock:
        seen = accounts["Ann"]
        await asyncio.sleep(0.2 / SPEED)
        accounts["Ann"] = seen + 10


async def sharing():
    accounts = {"Ann": 0}
    await asyncio.gather(*(careless(accounts) for _ in range(3)))
    print(f"careless: Ann has {accounts['Ann']}")

    accounts = {"Ann": 0}
    await asyncio.gather(*(at_once(accounts) for _ in range(3)))
    print(f"at once: Ann has {accounts['Ann']}")

    accounts, lock = {"Ann": 0}, asyncio.Lock()
    await asyncio.gather(*(locked(accounts, lock) for _ in range(3)))
    print(f"locked: Ann has {accounts['Ann']}")


if __name__ == "__main__":
    asyncio.run(sharing())
