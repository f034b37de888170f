"""The ward's database in PostgreSQL, for several processes on several machines."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from typing import TYPE_CHECKING, Any, Final, TypeVar

import asyncpg

from wardgate.ward import tables
from wardgate.ward.database import DatabaseError, Row, Transaction

if TYPE_CHECKING:
    from asyncpg.pool import PoolConnectionProxy

T = TypeVar("T")
_CONNECTIONS: Final = 4
_PATIENCE_S: Final = 30.0
_GOODBYE_S: Final = 5.0
_ERRORS: Final = (asyncpg.PostgresError, asyncpg.InterfaceError, OSError, TimeoutError)


class Postgres:
    """A small pool of connections, each with `synchronous_commit` on: what is committed is on the server's disk."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._pool: asyncpg.Pool | None = None
        self._opening = asyncio.Lock()

    async def run(self, work: Callable[[Transaction], Coroutine[Any, Any, T]]) -> T:
        """See `Database.run`."""
        # What waits for it may be cancelled at any moment; whether it was committed must not stay open.
        return await asyncio.shield(asyncio.ensure_future(self._run(work)))

    async def _run(self, work: Callable[[Transaction], Coroutine[Any, Any, T]]) -> T:
        try:
            pool = await self._opened()
            async with pool.acquire() as connection, connection.transaction():
                return await work(_Statements(connection))
        except _ERRORS as error:
            raise DatabaseError(str(error) or type(error).__name__) from error

    async def close(self) -> None:
        """See `Database.close`."""
        pool, self._pool = self._pool, None
        if pool is None:
            return
        try:
            async with asyncio.timeout(_GOODBYE_S):
                await pool.close()
        except _ERRORS:
            pool.terminate()  # the server is gone, and with it what was not committed

    async def _opened(self) -> asyncpg.Pool:
        async with self._opening:
            if self._pool is None:
                pool = await asyncpg.create_pool(
                    self._url,
                    min_size=1,
                    max_size=_CONNECTIONS,
                    command_timeout=_PATIENCE_S,
                    server_settings={"synchronous_commit": "on", "application_name": "wardgate-ward"},
                )
                async with pool.acquire() as connection, connection.transaction():
                    await connection.execute("SELECT pg_advisory_xact_lock(7761726467617465)")  # one makes the tables
                    await tables.make(_Statements(connection), _dialect)
                self._pool = pool
            return self._pool


class _Statements:
    """`Transaction`."""

    def __init__(self, connection: PoolConnectionProxy) -> None:
        self._connection = connection

    async def rows(self, sql: str, *values: object) -> Sequence[Row]:
        return [tuple(row) for row in await self._connection.fetch(sql, *values)]

    async def change(self, sql: str, *values: object) -> int:
        said = await self._connection.execute(sql, *values)  # "INSERT 0 3", "UPDATE 3", "CREATE TABLE"
        last = said.rpartition(" ")[2]
        return int(last) if last.isdigit() else 0

    async def alone(self, *tables: str) -> None:
        await self._connection.execute(f"LOCK TABLE {', '.join(tables)} IN SHARE ROW EXCLUSIVE MODE")

    async def each(self, sql: str, values: Sequence[Row]) -> Sequence[Row]:
        if not values:
            return []
        if " RETURNING " not in sql:
            await self._connection.executemany(sql, values)
            return []
        return [tuple(row) for row in await self._connection.fetchmany(sql, values)]


def _dialect(sql: str) -> str:
    return sql.replace(" BLOB", " BYTEA").replace(" INTEGER", " BIGINT").replace(" WITHOUT ROWID", "")
