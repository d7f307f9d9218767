"""I want to process in parallel, and the work keeps coming (indefinite length).

Usage: queue.py [SPEED]    every wait is divided by SPEED
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


async def queue_execution(urls, callback, parallel=2):
    loop = asyncio.get_running_loop()
    queue = asyncio.Queue()
    for url in urls:
        queue.put_nowait(url)

    async def fetch():
        # `get_nowait`: nobody can take the item between the question and the answer.
        while not queue.empty():
            url = queue.get_nowait()
            future = loop.run_in_executor(None, requests_get, url)
            future.add_done_callback(callback)
            # A page that fails is the callback's to report; this worker goes on.
            await asyncio.wait([future])

    await asyncio.gather(*(fetch() for _ in range(parallel)))


if __name__ == "__main__":
    results = []

    def store_result(future):
        if error := future.exception():
            print(error, file=sys.stderr)
        else:
            results.append(future.result())

    urls = ["http://www.google.com", "http://www.yahoo.com", "https://github.com/"]
    asyncio.run(queue_execution(urls, store_result))
    for page in results:
        print(f"queue execution: {page.url}")
