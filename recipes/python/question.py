"""I want to ask a task something and wait for its answer (an actor).

Usage: question.py [SPEED]    every wait is divided by SPEED
"""

import asyncio
import sys

SPEED = float(sys.argv[1]) if len(sys.argv) > 1 else 1.0
NO_MORE = None


async def clerk(questions):
    free = [2, 1]
    while (question := await questions.get()) is not NO_MORE:
        name, answer = question
        await asyncio.sleep(0.2 / SPEED)
        seat = free.pop() if free else None
        if not answer.done():
            answer.set_result(seat)
        elif seat is not None:  # cancelled: `set_result` would raise InvalidStateError
            print(f"clerk: {name} has gone, seat {seat} is free again")
            free.append(seat)
    return free


async def question():
    questions = asyncio.Queue(maxsize=4)
    working = asyncio.create_task(clerk(questions))

    async def ask(name, patience):
        answer = asyncio.get_running_loop().create_future()
        await questions.put((name, answer))
        try:
            seat = await asyncio.wait_for(answer, patience / SPEED)
        except TimeoutError:
            print(f"{name}: that takes too long")
        else:
            print(f"{name}: " + (f"seat {seat}" if seat else "sold out"))

    people = [("Ann", 2.0), ("Bob", 0.3), ("Cid", 2.0), ("Dan", 2.0)]
    await asyncio.gather(*(ask(*person) for person in people))
    await questions.put(NO_MORE)
    print(f"clerk: {len(await working)} seats left")


if __name__ == "__main__":
    asyncio.run(question())
