"""The one thread that writes, with group commit.

It waits for nothing: it takes whatever has been queued while the last commit was on its way to the disk, and commits
that as one transaction. A lone operation costs one fsync, a hundred at once cost one fsync together. What nobody waits
for lingers a little for company, because a commit costs the card at least a page of its own.
"""

from __future__ import annotations

import asyncio
import queue
import sqlite3
import threading
import time
from collections import deque
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final, NamedTuple, TypeVar

from wardgate.store.errors import StoreBroken, StoreCorrupt, StoreFull, explained
from wardgate.store.presence import Presence
from wardgate.store.reserve import Reserve
from wardgate.store.upkeep import suspect

T = TypeVar("T")

LINGER_S: Final = 0.2
"""So long a lazy operation waits for another one."""

MAX_GROUP: Final = 1000
"""Operations in one transaction. It bounds how long the first of them waits for the others."""
WAKE_EVERY_S: Final = 0.01
"""How often the event loop is told of commits while more are queued. Each time it takes the interpreter's lock from the
writer for longer than SQLite needs for a reading."""


class _Job(NamedTuple):
    op: Callable[[sqlite3.Connection], Any]
    future: asyncio.Future[Any]
    urgent: bool
    lazy: bool


class _Outcome(NamedTuple):
    job: _Job
    result: Any
    error: BaseException | None


class Writer:
    """Runs operations on its connection and completes their futures after the commit.

    `seq` is the last number given to a message; operations count it up, and a rollback takes it back. `committed_seq`
    is the last one on the disk. `on_commit` is called from the event loop after the futures of a commit are done.
    """

    def __init__(
        self,
        connection: sqlite3.Connection,
        path: Path,
        reserve: Reserve,
        seq: int,
        max_group: int = MAX_GROUP,
    ) -> None:
        self.seq = seq
        self.committed_seq = seq
        self.on_commit: list[Callable[[], None]] = []
        self._connection = connection
        self._path = path
        self._reserve = reserve
        self._max_group = max_group
        self._loop: asyncio.AbstractEventLoop | None = None
        self._woken_s = 0.0
        self._finished: deque[list[_Outcome]] = deque()
        self._queue: queue.SimpleQueue[_Job | None] = queue.SimpleQueue()
        self.files: Final = Presence(path)
        self._closed = False
        self._unsettled = 0
        self._thread = threading.Thread(target=self._run, name="wardgate-store", daemon=True)
        self._thread.start()

    def write(
        self, op: Callable[[sqlite3.Connection], T], *, urgent: bool = False, lazy: bool = False
    ) -> asyncio.Future[T]:
        """Queue an operation. Its future is done when what it did is on the disk, or failed and nothing of it is.

        Called from the event loop. `op` runs in the writer's thread, inside a transaction that it must leave alone,
        and may run a second time after the first was rolled back. `urgent` may use the reserve of a full disk. `lazy`
        is what may be lost with the power, because it is found out again; it goes with the next operation that is not.
        """
        if self._closed:
            raise StoreBroken(f"The database {self._path} has been closed.")
        future: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        self._unsettled += not lazy
        self._queue.put(_Job(op, future, urgent, lazy))
        return future

    @property
    def is_at_work(self) -> bool:
        """Whether a future that `write` gave out waits for its commit, other than of what is lazy."""
        return self._unsettled > 0

    async def close(self) -> None:
        """Commit what is queued, then let go of the file."""
        if not self._closed:
            self._closed = True
            self._queue.put(None)
        await asyncio.to_thread(self._thread.join)

    def _run(self) -> None:
        open_for_more = True
        while open_for_more:
            group = self._gathered()
            jobs = [job for job in group if job is not None]
            open_for_more = len(jobs) == len(group)
            if jobs:
                outcomes = self._commit(jobs)
                self.committed_seq = self.seq
                self._complete(outcomes)
        self._wake()
        self.files.rescue(self._connection)
        self._connection.close()

    def _gathered(self) -> list[_Job | None]:
        """What is queued; only lazy operations are waited with, until one comes that is not."""
        group = [self._queue.get()]
        until_s = time.monotonic() + LINGER_S
        hurry = group[0] is None or not group[0].lazy
        while len(group) < self._max_group:
            wait_s = until_s - time.monotonic()
            if not hurry and self._finished:
                self._wake()  # nobody waits for what is done while this waits for more
            try:
                job = self._queue.get_nowait() if hurry or wait_s <= 0 else self._queue.get(timeout=wait_s)
            except queue.Empty:
                break
            group.append(job)
            hurry = hurry or job is None or not job.lazy
        return group

    def _commit(self, jobs: list[_Job]) -> list[_Outcome]:
        if not self._reserve.held and not self._reserve.restore():
            return [self._commit_alone(job) for job in jobs]
        seq = self.seq
        try:
            self._connection.execute("BEGIN IMMEDIATE")
            outcomes = [_Outcome(job, job.op(self._connection), None) for job in jobs]
            self.files.check()
            self._connection.execute("COMMIT")
        except Exception:  # noqa: BLE001 - whatever it was: the one who caused it gets it below, alone
            self._rollback(seq)
            return [self._commit_alone(job) for job in jobs]
        return outcomes

    def _commit_alone(self, job: _Job) -> _Outcome:
        """One operation in its own transaction: its failure is its own."""
        if not self._reserve.held and not job.urgent and not self._reserve.restore():
            full = StoreFull(f"The disk of {self._path.parent} is full: only alerts are stored. Free some space there.")
            return _Outcome(job, None, full)
        while True:
            seq = self.seq
            try:
                self._connection.execute("BEGIN IMMEDIATE")
                result = job.op(self._connection)
                self.files.check()
                self._connection.execute("COMMIT")
                return _Outcome(job, result, None)
            except sqlite3.Error as error:
                self._rollback(seq)
                known = explained(error, self._path)
                if isinstance(known, StoreCorrupt):
                    suspect(self._path).touch(mode=0o600)
                if isinstance(known, StoreFull) and job.urgent and self._reserve.release():
                    continue
                return _Outcome(job, None, known)
            except Exception as error:  # noqa: BLE001 - handed to the one who queued the operation
                self._rollback(seq)
                return _Outcome(job, None, error)

    def _rollback(self, seq: int) -> None:
        self.seq = seq
        if self._connection.in_transaction:
            self._connection.execute("ROLLBACK")

    def _complete(self, outcomes: list[_Outcome]) -> None:
        """Tell the event loop: at once, or soon while there is more to commit."""
        self._loop = outcomes[0].job.future.get_loop()
        self._finished.append(outcomes)
        if self._queue.empty() or time.monotonic() - self._woken_s >= WAKE_EVERY_S:
            self._wake()

    def _wake(self) -> None:
        self._woken_s = time.monotonic()
        if self._loop is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._settle)

    def _settle(self) -> None:
        while self._finished:
            for job, result, error in self._finished.popleft():
                self._unsettled -= not job.lazy
                future = job.future
                if future.done():
                    continue  # its waiter was cancelled; what was written stays written
                if error is None:
                    future.set_result(result)
                else:
                    future.set_exception(error)
        for listener in self.on_commit:
            listener()
