"""I want to stop in good order when I am asked to (graceful shutdown).

Usage: shutdown.py [SPEED]    every wait is divided by SPEED
"""

import asyncio
import sys

SPEED = float(sys.argv[1]) if len(sys.argv) > 1 else 1.0
LENGTHS = [0.3, 0.3, 1.0, 3.0, 0.1, 0.1]


async def handle(number, seconds):
    await asyncio.sleep(seconds / SPEED)
    print(f"request {number}: answered")


async def accept(running):
    for number, seconds in enumerate(LENGTHS, 1):
        await asyncio.sleep(0.2 / SPEED)
        print(f"request {number}: accepted")
        task = asyncio.create_task(handle(number, seconds))
        # The loop holds tasks weakly: without this one may vanish as it runs.
        running.add(task)
        task.add_done_callback(running.discard)


async def serve(stop, grace):
    running = set()
    accepting = asyncio.create_task(accept(running))
    await stop.wait()

    accepting.cancel()
    await asyncio.wait([accepting])
    print("stopping: nothing more is accepted")

    # `wait` refuses an empty set.
    pending = set()
    if running:
        _, pending = await asyncio.wait(running, timeout=grace / SPEED)

    for request in pending:
        request.cancel()
    await asyncio.gather(*pending, return_exceptions=True)
    print(f"stopped: {len(pending)} cut short")


async def main():
    stop = asyncio.Event()
    # Who asks may be anybody; for a signal there is `loop.add_signal_handler`.
    asyncio.get_running_loop().call_later(0.9 / SPEED, stop.set)
    await serve(stop, 1.0)


if __name__ == "__main__":
    asyncio.run(main())
