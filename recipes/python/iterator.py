"""I want to iterate over something that is fetched while I iterate.

Usage: iterator.py [SPEED]    every wait is divided by SPEED
"""

import sys

sys.path.pop(0)  # the folder of this file, whose queue.py would hide the library's

import asyncio
import time
from typing import NamedTuple

SPEED = float(sys.argv[1]) if len(sys.argv) > 1 else 1.0


class Page(NamedTuple):
    url: str


def requests_get(url):
    """Stands in for `requests.get`: it blocks its thread, and needs no network."""
    slow = {"http://www.google.com": 3.0, "http://www.yahoo.com": 2.0, "https://github.com/": 0.5}
    time.sleep(slow[url] / SPEED)
    return Page(url.removesuffix("/") + "/")


async def async_iterator(urls):
    # An asynchronous generator writes `__aiter__`, `__anext__` and `StopAsyncIteration` for us.
    loop = asyncio.get_running_loop()
    for url in urls:
        yield await loop.run_in_executor(None, requests_get, url)


async def async_fetch(urls):
    async for page in async_iterator(urls):
        print(page.url)


if __name__ == "__main__":
    asyncio.run(async_fetch(["http://www.google.com", "http://www.yahoo.com", "https://github.com/"]))
