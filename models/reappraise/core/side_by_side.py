"""Independent work in threads: what waits for one core leaves the other to its neighbour."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_EXCEPTION, CancelledError, ThreadPoolExecutor, wait

MOST = 4
"""Threads at once: each may hold the draws of a fit in memory."""


def at_once() -> int:
    """How many threads work at once."""
    return min(os.cpu_count() or 1, MOST)


def side_by_side[Found](
    tasks: Sequence[Callable[[], Found]], *, stop: Callable[[], None] = lambda: None
) -> tuple[Found, ...]:
    """What each task returns, in the order of the tasks; as many at once as there are cores.

    Samplers and compilers leave the interpreter to others, what comes before and after them does not: two endpoints
    beside each other take less time than one after the other, and each gives the numbers that it gives alone.

    Parameters
    ----------
    tasks
        Work that shares nothing it changes.
    stop
        Called where one fails, or this is interrupted: asks those that are under way to end. They are waited for.

    Raises
    ------
    Exception
        What the first task that failed raised; tasks that have not begun by then are left.
    """
    threads = min(at_once(), len(tasks))
    if threads <= 1:
        return tuple(task() for task in tasks)
    failed = threading.Event()

    def begun(task: Callable[[], Found]) -> Found:
        if failed.is_set():
            raise CancelledError
        try:
            return task()
        except BaseException:
            failed.set()
            raise

    with ThreadPoolExecutor(threads) as pool:
        futures = [pool.submit(begun, task) for task in tasks]
        try:
            done, _ = wait(futures, return_when=FIRST_EXCEPTION)
            for future in sorted(done, key=lambda one: isinstance(one.exception(), CancelledError)):
                future.result()  # raises what it raised, those first that were not merely stopped
        except BaseException:
            failed.set()
            stop()
            pool.shutdown(wait=False, cancel_futures=True)
            raise
        return tuple(future.result() for future in futures)
