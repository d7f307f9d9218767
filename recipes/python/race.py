"""I want to ask two servers, and take the first answer.

Usage: race.py [SPEED]    every wait is divided by SPEED
"""

import asyncio
import sys

SPEED = float(sys.argv[1]) if len(sys.argv) > 1 else 1.0


class Unknown(Exception):
    pass


async def ask(name, seconds, knows):
    try:
        await asyncio.sleep(seconds / SPEED)
        if not knows:
            raise Unknown(f"{name}: does not know")
        return name
    finally:
        print(f"{name}: hangs up")


async def first_of(*calls):
    tasks = [asyncio.create_task(call) for call in calls]
    try:
        for next_answer in asyncio.as_completed(tasks):
            try:
                return await next_answer
            except Unknown as error:
                print(error)
    finally:
        # Nobody does it for us, and who does not wait leaves them to end some other time.
        for task in tasks:
            task.cancel()
        await asyncio.wait(tasks)


async def first_answer(*servers):
    return await first_of(*(ask(*server) for server in servers))


async def with_a_reserve(first, reserve):
    async def ask_after(pause, server):
        await asyncio.sleep(pause / SPEED)
        print(f"{server[0]}: is asked")
        return await ask(*server)

    return await first_of(ask_after(0.0, first), ask_after(0.2, reserve))


async def main():
    winner = await first_answer(("east", 0.6, True), ("west", 0.3, True))
    print(f"first: {winner or 'nobody'}")
    winner = await first_answer(("east", 0.6, True), ("west", 0.3, False))
    print(f"first that knows: {winner or 'nobody'}")
    for seconds in [0.1, 0.7]:
        winner = await with_a_reserve(("east", seconds, True), ("west", 0.3, True))
        print(f"with a reserve: {winner or 'nobody'}")


if __name__ == "__main__":
    asyncio.run(main())
