"""The ward's database in one file. Several processes of one machine may share it."""

from __future__ import annotations

import asyncio
import functools
import os
import sqlite3
from collections.abc import Callable, Coroutine, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Final, TypeVar

from wardgate.ward import tables
from wardgate.ward.database import DatabaseError, Row, Transaction

T = TypeVar("T")
_BUSY_S: Final = 10.0
"""How long to wait for another process that is writing."""


class Sqlite:
    """One connection, used by one thread: a commit that is under way ends before the next one begins."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="ward-disk")
        self._connection: sqlite3.Connection | None = None

    async def run(self, work: Callable[[Transaction], Coroutine[Any, Any, T]]) -> T:
        """See `Database.run`."""
        return await asyncio.get_running_loop().run_in_executor(self._thread, self._run, work)

    async def close(self) -> None:
        """See `Database.close`."""
        await asyncio.get_running_loop().run_in_executor(self._thread, self._close)
        self._thread.shutdown()

    def _run(self, work: Callable[[Transaction], Coroutine[Any, Any, T]]) -> T:
        try:
            connection = self._connection or self._open()
            connection.execute("BEGIN IMMEDIATE")
            try:
                result = _driven(work(_Statements(connection)))
                connection.execute("COMMIT")
            except BaseException:
                if connection.in_transaction:
                    connection.execute("ROLLBACK")
                raise
        except sqlite3.Error as error:
            raise DatabaseError(str(error)) from error
        return result

    def _open(self) -> sqlite3.Connection:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        os.close(os.open(self._path, os.O_CREAT | os.O_RDWR, 0o600))
        connection = sqlite3.connect(self._path, isolation_level=None, timeout=_BUSY_S)
        try:
            connection.execute("PRAGMA synchronous = FULL")
            # In this order: a file that another process is just turning to WAL is waited for only within a transaction.
            connection.execute("BEGIN IMMEDIATE")
            connection.execute("COMMIT")
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("BEGIN IMMEDIATE")
            _driven(tables.make(_Statements(connection), lambda sql: sql))
            connection.execute("COMMIT")
        except BaseException:
            connection.close()
            raise
        self._connection = connection
        return connection

    def _close(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None


class _Statements:
    """`Transaction`, whose coroutines never wait: the thread may block in SQLite, and nobody else uses it."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    async def rows(self, sql: str, *values: object) -> Sequence[Row]:
        return self._connection.execute(_numbered(sql), values).fetchall()

    async def change(self, sql: str, *values: object) -> int:
        return self._connection.execute(_numbered(sql), values).rowcount

    async def alone(self, *tables: str) -> None:
        """It always is: `BEGIN IMMEDIATE`."""

    async def each(self, sql: str, values: Sequence[Row]) -> Sequence[Row]:
        numbered = _numbered(sql)
        if " RETURNING " not in sql:
            self._connection.executemany(numbered, values)
            return []
        return [row for value in values for row in self._connection.execute(numbered, value).fetchall()]


@functools.lru_cache(maxsize=200)
def _numbered(sql: str) -> str:
    return sql.replace("$", "?")


def _driven(work: Coroutine[Any, Any, T]) -> T:
    """Run a coroutine that waits for nothing to its end, here and now."""
    try:
        work.send(None)
    except StopIteration as end:
        result: T = end.value
        return result
    work.close()
    raise RuntimeError("a transaction on SQLite waited for something else than its database")
