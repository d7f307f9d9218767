"""I want at most so many requests per second, whatever the callers do (rate limit).

Usage: rate-limit.py [SPEED]    every wait is divided by SPEED
"""

import asyncio
import sys

SPEED = float(sys.argv[1]) if len(sys.argv) > 1 else 1.0


class RateLimit:
    def __init__(self, per_second):
        self.lock = asyncio.Lock()
        self.period = 1 / per_second / SPEED
        self.next = 0.0

    async def turn(self):
        time = asyncio.get_running_loop().time
        async with self.lock:
            await asyncio.sleep(self.next - time())
            # From now on, not from `self.next` on: after a quiet minute there is no burst.
            self.next = time() + self.period


async def rate_limit():
    limit = RateLimit(5)

    async def request(name):
        await limit.turn()
        print(f"request {name}")
        await asyncio.sleep(0.3 / SPEED)

    await asyncio.gather(*(request(name) for name in "abcde"))
    await asyncio.sleep(0.5 / SPEED)
    print("a quiet time is over")
    await asyncio.gather(*(request(name) for name in "fg"))


if __name__ == "__main__":
    asyncio.run(rate_limit())
