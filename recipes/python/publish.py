"""I want to tell many tasks of what happens (publish and subscribe).

Usage: publish.py [SPEED]    every wait is divided by SPEED
"""

import asyncio
import sys

SPEED = float(sys.argv[1]) if len(sys.argv) > 1 else 1.0
NO_MORE = None


class Subscription:
    def __init__(self, size):
        self.queue = asyncio.Queue()
        self.size = size
        self.missed = 0

    def offer(self, issue):
        if self.queue.qsize() == self.size:
            self.queue.get_nowait()
            self.missed += 1
        self.queue.put_nowait(issue)


class Press:
    def __init__(self, size):
        self.size = size
        self.subscriptions = []

    def subscribe(self):
        self.subscriptions.append(Subscription(self.size))
        return self.subscriptions[-1]

    def send(self, issue):
        for subscription in self.subscriptions:
            subscription.offer(issue)

    def close(self):
        for subscription in self.subscriptions:
            subscription.queue.put_nowait(NO_MORE)


async def interval(seconds):
    loop = asyncio.get_running_loop()
    due = loop.time()
    while True:
        yield
        due += seconds / SPEED
        await asyncio.sleep(due - loop.time())


async def reader(name, seconds, news):
    while (issue := await news.queue.get()) is not NO_MORE:
        if news.missed:
            print(f"{name}: has missed {news.missed}")
            news.missed = 0
        print(f"{name}: reads {issue}")
        await asyncio.sleep(seconds / SPEED)
    print(f"{name}: no more news")


async def publish():
    press = Press(2)
    readers = [
        asyncio.create_task(reader("quick", 0.1, press.subscribe())),
        asyncio.create_task(reader("slow", 1.05, press.subscribe())),
    ]
    ticks = interval(0.3)
    for issue in range(1, 5):
        await anext(ticks)
        if issue == 3:
            readers.append(asyncio.create_task(reader("late", 0.15, press.subscribe())))
        press.send(issue)
    await anext(ticks)
    press.close()
    await asyncio.gather(*readers)


if __name__ == "__main__":
    asyncio.run(publish())
