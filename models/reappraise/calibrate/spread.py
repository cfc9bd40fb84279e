"""Data sets spread over processes with Dask: here, or wherever a scheduler already has workers."""

from __future__ import annotations

import asyncio
import logging
import signal
import tempfile
import threading
import warnings
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from itertools import islice
from multiprocessing import resource_tracker
from typing import Any

from reappraise.calibrate.calibration import Calibration, Ranks, Refused, Unit, identity
from reappraise.core.errors import AnalysisError

ATTEMPTS = 2
"""Times that a data set is sent out; within each, Dask itself repeats one that is lost with its worker three times."""
_AHEAD = 1000
"""Data sets handed to the scheduler before the first one is back."""
_PATIENCE = 10
"""Seconds to wait for a scheduler and its first worker."""
_NOTHING = logging.CRITICAL + 1
"""Level above all that is ever logged."""
_COMPILING = threading.Lock()


@dataclass(frozen=True, slots=True, kw_only=True)
class Cluster:
    """Where to compute.

    Parameters
    ----------
    scheduler
        Address of a Dask scheduler, such as ``tcp://host:8786``; None starts processes here.
    workers
        How many processes to start here; None for one on each core.
    """

    scheduler: str | None = None
    workers: int | None = None

    def __post_init__(self) -> None:
        """Refuse what contradicts itself."""
        if self.scheduler is not None and self.workers is not None:
            raise AnalysisError("expected a scheduler's address or a number of workers to start here, got both")
        if self.workers is not None and self.workers < 1:
            raise AnalysisError(f"expected at least one worker, got {self.workers}")


@contextmanager
def connect(cluster: Cluster, *, most: int) -> Iterator[Any]:
    """Start processes here, at most `most`, or connect to a scheduler; nothing is logged, and no file stays behind.

    Raises
    ------
    AnalysisError
        If the scheduler does not answer, or has no workers.
    """
    import dask

    with warnings.catch_warnings(), _silent():
        # other versions are refused by `_check`, in words
        warnings.filterwarnings("ignore", category=Warning, module=r"distributed\..*")
        if cluster.scheduler is not None:
            with _reached(cluster.scheduler) as client:
                yield client
            return
        from dask.system import CPU_COUNT

        with (
            tempfile.TemporaryDirectory(prefix="reappraise-", ignore_cleanup_errors=True) as folder,
            # a process that was lost is started anew however long that takes; by default it is given up after 15 s
            dask.config.set({"distributed.deploy.lost-worker-timeout": "1 day"}),
            _loop() as loop,
            _distributed().LocalCluster(
                loop=loop,
                n_workers=max(1, min(cluster.workers or CPU_COUNT, most)),
                threads_per_worker=1,
                processes=True,
                dashboard_address=None,
                silence_logs=_NOTHING,
                local_directory=folder,
                memory_limit=0,
            ) as local,
            _distributed().Client(local, set_as_default=False) as client,
        ):
            yield client


def outcomes(client: Any, calibration: Calibration, units: Iterable[Unit]) -> Iterator[tuple[Unit, Ranks | Refused]]:
    """Yield each data set's outcome as it arrives. One that is lost with its worker is sent out anew.

    Raises
    ------
    AnalysisError
        If the workers run other code, a data set brings down every worker, or the scheduler is lost.
    """
    expected = identity(calibration)
    waiting = iter(units)
    underway: dict[Any, tuple[Unit, int]] = {}

    def send(unit: Unit, attempt: int = 1) -> Any:
        future = client.submit(_run, calibration, unit, expected, pure=False, retries=1)
        underway[future] = (unit, attempt)
        return future

    try:
        done = _distributed().as_completed([send(unit) for unit in islice(waiting, _AHEAD)], loop=client.loop)
        for future in done:
            unit, attempt = underway.pop(future)
            try:
                found = future.result()
            except _distributed().KilledWorker:
                if attempt == ATTEMPTS:
                    raise AnalysisError(f"{unit.words} brought down its worker again and again. Memory?") from None
                done.add(send(unit, attempt + 1))
                continue
            except ImportError as error:
                raise AnalysisError(f"a worker cannot run this: {error}. Install reappraise there.") from None
            if isinstance(found, str):
                raise AnalysisError(found)
            yield unit, found
            for following in islice(waiting, 1):
                done.add(send(following))
    except (_distributed().CancelledError, OSError) as error:
        raise AnalysisError(f"the scheduler was lost ({type(error).__name__}: {error}).") from None
    finally:
        client.cancel(list(underway), force=True)


def _run(calibration: Calibration, unit: Unit, expected: dict[str, Any]) -> Ranks | Refused | str:
    """One data set, on a worker; text says why this worker must not run it."""
    problem = _check(calibration, expected)
    if problem:
        return problem
    try:
        with _COMPILING:
            _prepare(calibration)
        return calibration.run(unit.index, wrong=unit.wrong)
    except KeyboardInterrupt as error:
        # let through, it would end the worker's thread and the data set would never be reported
        raise RuntimeError(f"{unit.words}: {error}") from error


@cache
def _prepare(calibration: Calibration) -> None:
    calibration.prepare()


def _check(calibration: Calibration, expected: dict[str, Any]) -> str:
    """Why ranks of this process may not be counted as those of the process that asks; empty if they may."""
    here = _identity(calibration)
    differing = [key for key, value in expected.items() if here[key] != value]
    if not differing:
        return ""
    if differing == ["versions"]:
        packages = [name for name, version in expected["versions"].items() if here["versions"].get(name) != version]
        return f"the workers have other versions of {', '.join(packages)} than are installed here"
    return f"the workers run other code than is installed here: {', '.join(differing)} differ"


@cache
def _identity(calibration: Calibration) -> dict[str, Any]:
    return identity(calibration)


@contextmanager
def _loop() -> Iterator[Any]:
    """An event loop in a thread that blocks SIGINT, and so do processes started from it: Ctrl-C is for us alone."""
    from distributed.utils import LoopRunner

    resource_tracker.ensure_running()  # which unblocks SIGINT when it starts later
    former = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        runner: Any = LoopRunner()
        runner.start()
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, former)
    try:
        yield runner.loop
    finally:
        runner.stop()


def _distributed() -> Any:
    """Dask's scheduler and client: slow to import, and untyped."""
    import distributed

    return distributed


@contextmanager
def _reached(address: str) -> Iterator[Any]:
    async def knock() -> None:
        from distributed.comm import core

        security = _distributed().Security().get_connection_args("client")
        untyped: Any = core
        comm = await untyped.connect(address, timeout=_PATIENCE, **security)
        comm.abort()

    try:
        asyncio.run(knock())  # a client that cannot connect does not end tidily
        client = _distributed().Client(address, timeout=_PATIENCE, set_as_default=False)
    except (OSError, ValueError, TypeError) as error:
        raise AnalysisError(f"{address}: no Dask scheduler answers there ({error})") from None
    with client:
        try:
            client.wait_for_workers(1, timeout=_PATIENCE)
        except TimeoutError:
            raise AnalysisError(f"{address}: the scheduler there has no workers. Start some.") from None
        yield client


@contextmanager
def _silent() -> Iterator[None]:
    """Keep Dask's loggers from the terminal: what matters is raised or done again."""
    names = [name for name in logging.root.manager.loggerDict if name.split(".")[0] in {"distributed", "tornado"}]
    loggers = [logging.getLogger(name) for name in (*names, "asyncio")]
    levels = [logger.level for logger in loggers]
    for logger in loggers:
        logger.setLevel(_NOTHING)
    try:
        yield
    finally:
        for logger, level in zip(loggers, levels, strict=True):
            logger.setLevel(level)
