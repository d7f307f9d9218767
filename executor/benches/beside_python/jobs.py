"""The other side: the workloads of ours.rs, in concurrent.futures' words.

`python3 jobs.py NAME N` prints seconds per operation; `python3 jobs.py --about` says who it is.
"""

import multiprocessing
import os
import platform
import signal
import sys
import time
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool

OLDEST = (3, 8)


def empty():
    pass


def same(value):
    return value


def round_trip(n):
    with ProcessPoolExecutor(1) as pool:
        pool.submit(empty).result()
        start = time.perf_counter()
        for _ in range(n):
            pool.submit(empty).result()
        return time.perf_counter() - start


def jobs(n, workers):
    argument = bytes(100)
    with ProcessPoolExecutor(workers) as pool:
        for warm in [pool.submit(time.sleep, 0.02) for _ in range(workers)]:
            warm.result()
        start = time.perf_counter()
        calls = [pool.submit(same, argument) for _ in range(n)]
        for call in calls:
            assert len(call.result()) == 100
        return time.perf_counter() - start


def start_worker(n):
    spent = 0
    for _ in range(n):
        start = time.perf_counter()
        with ProcessPoolExecutor(1) as pool:
            pool.submit(empty).result()
            spent += time.perf_counter() - start
    return spent


def replace_worker(n):
    spent = 0
    pool = ProcessPoolExecutor(1)
    for _ in range(n):
        pid = pool.submit(os.getpid).result()
        start = time.perf_counter()
        os.kill(pid, signal.SIGKILL)
        while True:
            try:
                # The answer of another worker: the old one may have had time for its own.
                if pool.submit(os.getpid).result() != pid:
                    break
            except BrokenProcessPool:
                pool.shutdown()
                pool = ProcessPoolExecutor(1)
        spent += time.perf_counter() - start
    pool.shutdown()
    return spent


def large(n):
    argument = bytes(64 * 1024 * 1024)
    with ProcessPoolExecutor(1) as pool:
        pool.submit(empty).result()
        start = time.perf_counter()
        for _ in range(n):
            assert len(pool.submit(same, argument).result()) == len(argument)
        return time.perf_counter() - start


WORKLOADS = {
    "round_trip": round_trip,
    "jobs_1_worker": lambda n: jobs(n, 1),
    "jobs_2_workers": lambda n: jobs(n, 2),
    "start_worker": start_worker,
    "replace_worker": replace_worker,
    "64_mib_bytes": large,
    "64_mib_vec": large,
}


if __name__ == "__main__":
    if sys.version_info < OLDEST:
        oldest = ".".join(map(str, OLDEST))
        sys.exit(f"python3 is Python {platform.python_version()}: {oldest} or later is needed")
    if sys.argv[1] == "--about":
        method = multiprocessing.get_start_method()
        print(f"Python {platform.python_version()}, start method {method}")
    else:
        name, n = sys.argv[1], int(sys.argv[2])
        print(WORKLOADS[name](n) / n)
