"""I want to see how far it is while many things finish.

Usage: progress.py [SPEED]    every wait is divided by SPEED
"""

import asyncio
import sys

SPEED = float(sys.argv[1]) if len(sys.argv) > 1 else 1.0
FILES = [
    ("index", 0.9),
    ("style", 0.2),
    ("logo", 0.5),
    ("fonts", 0.5),
    ("about", 0.7),
    ("script", 0.3),
]


async def download(file, seconds):
    await asyncio.sleep(seconds / SPEED)
    return file


async def download_all(progress):
    semaphore = asyncio.Semaphore(3)  # `as_completed` has no limit of its own

    async def limited(file, seconds):
        async with semaphore:
            return await download(file, seconds)

    # `as_completed` would put coroutines into a set, and begin them in any order.
    tasks = [asyncio.create_task(limited(*file)) for file in FILES]
    ended = 0
    for next_file in asyncio.as_completed(tasks):
        file = await next_file
        ended += 1
        progress(ended, file)
    return ended


def lines(ended, file):
    print(f"{ended} of {len(FILES)}: {file}")


def bar(ended, file):
    filled = "█" * (30 * ended // len(FILES))
    print(f"\r{filled:<30} {ended} of {len(FILES)}: {file:10}", end="", flush=True)


if __name__ == "__main__":
    is_watched = sys.stdout.isatty()
    ended = asyncio.run(download_all(bar if is_watched else lines))
    if is_watched:
        print()
    print(f"{ended} files are here.")
