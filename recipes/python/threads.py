"""I have threads beside the loop: how do they talk to it?

Usage: threads.py [SPEED]    every wait is divided by SPEED
"""

import sys

sys.path.pop(0)  # the folder of this file, whose queue.py would hide the library's

import asyncio
import threading
import time

SPEED = float(sys.argv[1]) if len(sys.argv) > 1 else 1.0
NO_MORE = None


def sensor(loop, readings):
    def send(reading):
        # `readings.put_nowait(..)` alone would be a data race that nobody tells you about.
        asyncio.run_coroutine_threadsafe(readings.put(reading), loop).result()

    for reading in [20, 21, 23]:
        time.sleep(0.3 / SPEED)
        send(reading)
    send(NO_MORE)


def stranger(loop, greeting):
    async def task():
        print(f"on the loop: {greeting}")
        return f"{greeting} yourself"

    return asyncio.run_coroutine_threadsafe(task(), loop).result()


async def threads():
    loop = asyncio.get_running_loop()
    readings = asyncio.Queue(maxsize=8)
    sensing = loop.run_in_executor(None, sensor, loop, readings)
    while (reading := await readings.get()) is not NO_MORE:
        print(f"from the sensor: {reading}")
    await sensing

    is_done = loop.create_future()

    def thread():
        answer = stranger(loop, "hello")
        loop.call_soon_threadsafe(is_done.set_result, answer)

    started = threading.Thread(target=thread)
    started.start()
    print(f"to the stranger: {await is_done}")
    started.join()


if __name__ == "__main__":
    asyncio.run(threads())
