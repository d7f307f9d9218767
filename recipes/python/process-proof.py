"""How do I check that it is multi-process and non-blocking?

Usage: process-proof.py [SPEED]    the steps of every job are divided by SPEED
"""

import sys

sys.path.pop(0)  # the folder of this file, whose queue.py would hide the library's

import asyncio
import os
import time
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from itertools import accumulate

SPEED = float(sys.argv[1]) if len(sys.argv) > 1 else 1.0
JOBS = [int(2_000_000 / SPEED)] * 4
TICK = 0.010


def compute(steps):
    """Counted steps; returns in which process it ran, from when to when."""
    started = time.monotonic()
    number = 1
    for step in range(steps):
        number = (number ^ step) * 31 & 0xFFFF_FFFF
    return os.getpid(), started, time.monotonic()


async def inline():
    return [compute(steps) for steps in JOBS]


async def on(pool):
    loop = asyncio.get_running_loop()
    return await asyncio.gather(*(loop.run_in_executor(pool, compute, s) for s in JOBS))


async def ticker(late):
    while True:
        due = time.monotonic() + TICK
        try:
            await asyncio.sleep(TICK)
        finally:
            late.append(time.monotonic() - due)


async def proof(way, jobs):
    late = []
    ticking = asyncio.create_task(ticker(late))
    await asyncio.sleep(0)  # until the ticker has begun
    began = time.monotonic()
    reports = await jobs
    wall = time.monotonic() - began
    ticking.cancel()
    await asyncio.wait([ticking])

    busy = sum(finished - started for _, started, finished in reports)
    changes = [(s, 1) for _, s, _ in reports] + [(f, -1) for _, _, f in reports]
    peak = max(accumulate(change for _, change in sorted(changes)))
    pids = sorted({pid for pid, _, _ in reports})
    print(
        f"{way}: wall {wall:.1f} s, busy {busy:.1f} s,"
        f" at most {peak} job{'s' if peak > 1 else ''} at once;"
        f" the loop's ticker was at most {max(late) * 1e3:.1f} ms late;"
        f" in process{'es' if len(pids) > 1 else ''} {' and '.join(map(str, pids))}"
        + (", this one" if os.getpid() in pids else "")
    )


async def process_proof(workers=2):
    with ThreadPoolExecutor(workers) as threads, ProcessPoolExecutor(workers) as processes:
        # What it takes to start them is not the question.
        await asyncio.gather(*(asyncio.wrap_future(processes.submit(time.sleep, 0.05)) for _ in JOBS))
        await proof("inline", inline())
        await proof("threads", on(threads))
        await proof("processes", on(processes))


if __name__ == "__main__":
    asyncio.run(process_proof())
